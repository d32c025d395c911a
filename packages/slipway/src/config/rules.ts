import { isIP } from 'node:net'
import { parseLength } from '../secrets/rules.ts'
import { longestDurationMs, parseDuration } from './duration.ts'
import { formats } from './formats.ts'
import { parseRepository } from './repository-address.ts'

/** Rules for single values that no pattern can say. Each returns what is wrong, or undefined when all is well. */
export type Rule = (value: string) => Fault | undefined

export interface Fault {
  message: string
  mend: string
}

/** A path below the project's folder: it may not leave it, so that a release can be built from a copy elsewhere. */
export const pathInsideProject: Rule = value => {
  const mend = 'Write a path below the folder of slipway.yaml, as in infra/compose.yml.'
  if (value.trim() === '') return { message: 'the path is empty', mend }
  if (hasControlCharacter(value)) return { message: 'the path has a line break or a control character', mend }
  if (/^([/\\]|[A-Za-z]:[/\\])/.test(value)) return { message: `the path ${quoted(value)} is absolute`, mend }
  return leavesFolder(value) ? { message: `the path ${quoted(value)} leaves the project's folder`, mend } : undefined
}

export const anyPath: Rule = value =>
  value.trim() === '' || value.length > 4096 || hasControlCharacter(value)
    ? { message: 'the path is empty, too long or has a control character', mend: 'Write a folder, as in /opt/backups.' }
    : undefined

/** A folder of a server, plain enough to be mounted by its name. */
export const serverFolder: Rule = value =>
  /^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/.test(value) && value.length <= 200
    ? undefined
    : {
        message: `${quoted(value)} is not a folder of a server`,
        mend: 'Write an absolute path of letters, digits, dot, hyphen and underscore, as in /var/lib/slipway.',
      }

/** By the rules of git-check-ref-format(1), so that a branch can never be taken for an option or a revision. */
export const branchName: Rule = value => {
  const mend = 'Write the name as `git branch` prints it, as in main or release/2.'
  const wrong = branchFaults.find(([pattern]) => pattern.test(value))
  return wrong === undefined ? undefined : { message: `${quoted(value)} is not a branch name: ${wrong[1]}`, mend }
}

/** An address that is reached by https or SSH, without a password in it. */
export const repositoryAddress: Rule = value => {
  if (parseRepository(value) !== undefined) return undefined
  const address = 'git@github.com:acme/shop.git or https://github.com/acme/shop.git'
  return /^[a-z]+:\/\/[^/@]*:[^/@]*@/.test(value)
    ? {
        message: 'the address of the repository has a password in it',
        mend: `Make it worthless, write the address alone, and give a token: token: GIT_TOKEN, the name of a secret.`,
      }
    : {
        message: `${quoted(value)} is not an address of a repository`,
        mend: `Write one of https or SSH, as in ${address}.`,
      }
}

/** A string that is split on blanks may hold nothing that only a shell understands. */
export const plainCommand: Rule = value => {
  const mend =
    'Write the command as a list, one word an item: [npm, run, "a b"]. For more than one command use a script.'
  if (value.trim() === '') return { message: 'the command is empty', mend }
  if (/["'`\\]/.test(value)) return { message: 'the command has quotes, which need a shell; none runs here', mend }
  const sign = /&&|\|\||[&|;<>$()\r\n\0]/.exec(value)?.[0]
  if (sign === undefined) return undefined
  return { message: `the command has ${quoted(sign)}, which needs a shell; none runs here`, mend }
}

export const commandWord: Rule = value =>
  value.includes('\0') ? { message: 'the word has a NUL character', mend: 'Remove it.' } : undefined

export const cidr: Rule = value => {
  const [address = '', length, ...more] = value.split('/')
  const family = isIP(address)
  const longest = family === 6 ? 128 : 32
  const good = length === undefined || (/^[0-9]{1,3}$/.test(length) && Number(length) <= longest)
  if (family !== 0 && good && more.length === 0) return undefined
  return {
    message: `${quoted(value)} is not an address or a network`,
    mend: 'Write an IP address or a network, as in 10.0.0.0/8 or fd00::/8.',
  }
}

/** A host name or an IP address; never anything that ssh could take for an option, a user or a port. */
export const sshHost: Rule = value =>
  isIP(value) !== 0 || formats.host.pattern.test(value)
    ? undefined
    : {
        message: `${quoted(value)} is neither a host name nor an IP address`,
        mend: 'Write the lower-case name or the address alone, as in 203.0.113.10; user and port are settings of their own.',
      }

export const ipAddress: Rule = value =>
  isIP(value) === 0
    ? { message: `${quoted(value)} is not an IP address`, mend: 'Write the address alone, as in 10.0.0.4 or fd00::4.' }
    : undefined

export const listenAddress: Rule = value =>
  parseListen(value) === undefined
    ? {
        message: `${quoted(value)} is not an address to listen on`,
        mend: 'Write address and port (1 to 65535), as in 0.0.0.0:3000, 127.0.0.1:3000 or [::]:3000.',
      }
    : undefined

export function parseListen(value: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+|localhost)):([0-9]{1,5})$/.exec(value)
  const [, six, four, digits] = match ?? []
  const port = Number(digits)
  if (!(port >= 1 && port <= 65535)) return undefined
  if (six !== undefined) return isIP(six) === 6 ? { host: six, port } : undefined
  if (four === 'localhost') return { host: '127.0.0.1', port }
  return four !== undefined && isIP(four) === 4 ? { host: four, port } : undefined
}

/** How many characters a secret has. */
export const lengthRange: Rule = value =>
  parseLength(value) === undefined
    ? { message: `${quoted(value)} is not a length`, mend: 'Write `64`, `">=64"`, `"<=72"` or `"32-64"`.' }
    : undefined

export const reasonableDuration: Rule = value => {
  const milliseconds = parseDuration(value)
  if (milliseconds === undefined) return undefined // the pattern has said so already
  if (milliseconds === 0) return { message: 'the duration is zero', mend: 'Write at least 1ms.' }
  return milliseconds > longestDurationMs
    ? { message: `${quoted(value)} is longer than a day`, mend: 'Write at most 24h.' }
    : undefined
}

/** A value as it may be shown: short, and without line breaks or terminal escapes. */
export function quoted(value: string): string {
  const shown = JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  return shown.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

function leavesFolder(path: string): boolean {
  let depth = 0
  for (const part of path.split(/[/\\]/)) {
    if (part === '..') depth -= 1
    else if (part !== '' && part !== '.') depth += 1
    if (depth < 0) return true
  }
  return false
}

function hasControlCharacter(value: string): boolean {
  return /\p{Cc}/u.test(value)
}

const branchFaults: readonly [RegExp, string][] = [
  [/^$/, 'it is empty'],
  [/^.{245,}$/s, 'it is too long'],
  [/^-/, 'it starts with a hyphen'],
  [/ |\p{Cc}/u, 'it has a blank or a control character'],
  [/[~^:?*[\\]/, 'it has one of ~ ^ : ? * [ \\'],
  [/\.\./, 'it has two dots in a row'],
  [/@\{/, 'it has @{'],
  [/^@$/, 'it is @'],
  [/(^|\/)\./, 'a part of it starts with a dot'],
  [/\.lock(\/|$)/, 'a part of it ends in .lock'],
  [/^\/|\/$|\/\//, 'it has a slash too many'],
  [/\.$/, 'it ends with a dot'],
]
