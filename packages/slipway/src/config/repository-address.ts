import { isIP } from 'node:net'
import { formats } from './formats.ts'

/** Where a Git repository is: an address of https or SSH, and no other way to reach one. Pure. */
export interface RepositoryAddress {
  /** As git is given it. */
  text: string
  kind: 'https' | 'ssh'
  user?: string
  host: string
  port: number
}

/**
 * Undefined: it is none. Nothing in it can be taken for an option, a helper of git's (`ext::`) or a word of a shell, and
 * no password has a place in it.
 */
export function parseRepository(text: string): RepositoryAddress | undefined {
  for (const [pattern, kind, usualPort] of forms) {
    const { user, host = '', port } = pattern.exec(text)?.groups ?? {}
    if (!isHost(host) || text.length > 500 || /(^|[/:])\.\.(\/|$)/.test(text)) continue
    const number = port === undefined ? usualPort : Number(port)
    if (!(number >= 1 && number <= 65535)) continue
    return { text, kind, host, port: number, ...(user === undefined ? {} : { user }) }
  }
  return undefined
}

const path = '[A-Za-z0-9_~.][A-Za-z0-9_~.+@%/-]*'
const user = '(?<user>[A-Za-z0-9_][A-Za-z0-9._-]*)'
const forms: readonly [RegExp, RepositoryAddress['kind'], number][] = [
  [new RegExp(`^https://(?:${user}@)?(?<host>[a-z0-9.-]+)(?::(?<port>[0-9]{1,5}))?/${path}$`), 'https', 443],
  [new RegExp(`^ssh://${user}@(?<host>[a-z0-9.-]+)(?::(?<port>[0-9]{1,5}))?/${path}$`), 'ssh', 22],
  [new RegExp(`^${user}@(?<host>[a-z0-9.-]+):/?${path}$`), 'ssh', 22],
]

function isHost(host: string): boolean {
  return isIP(host) !== 0 || formats.host.pattern.test(host)
}
