import { mkdir, open } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { createAtomically, errorCode, isMissing } from '../support/files.ts'
import { newIdentity, recipientOf } from './age.ts'

/**
 * The private keys at hand, from the first place that says anything: SLIPWAY_AGE_KEY holds one (for CI),
 * SLIPWAY_AGE_KEY_FILE names a file of them, else ~/.config/slipway/age.txt.
 */
export async function findIdentities(variables: Variables = process.env): Promise<Identities> {
  const held = variables['SLIPWAY_AGE_KEY'] ?? taken
  if (held !== undefined && held.trim() !== '') return identitiesIn(held, 'SLIPWAY_AGE_KEY')
  const named = variables['SLIPWAY_AGE_KEY_FILE']
  const file = named === undefined || named === '' ? usualIdentityFile(variables) : named
  const text = await readPrivately(file)
  if (text !== undefined) return identitiesIn(text, file)
  if (named !== undefined && named !== '')
    throw unusable(`${file} is not there`, 'SLIPWAY_AGE_KEY_FILE names it: correct the path.')
  return { keys: [], from: file }
}

export interface Identities {
  keys: readonly string[]
  /** The file, or the variable. */
  from: string
}

type Variables = Readonly<Record<string, string | undefined>>

export function usualIdentityFile(variables: Variables = process.env): string {
  const base = variables['XDG_CONFIG_HOME']
  return join(base === undefined || base === '' ? join(homedir(), '.config') : base, 'slipway', 'age.txt')
}

/** Makes a key of one's own where there is none yet. Returns the public keys. */
export async function ownKey(
  variables: Variables = process.env,
): Promise<{ recipients: string[]; from: string; made: boolean }> {
  const found = await findIdentities(variables)
  if (found.keys.length > 0)
    return { recipients: await Promise.all(found.keys.map(recipientOf)), from: found.from, made: false }
  const identity = await newIdentity()
  const recipient = await recipientOf(identity)
  const text = `# created: ${new Date().toISOString()}\n# public key: ${recipient}\n${identity}\n`
  await mkdir(dirname(found.from), { recursive: true, mode: 0o700 })
  // Whoever made one meanwhile has perhaps encrypted something for it: that one counts.
  if (!(await createAtomically(found.from, text))) return ownKey(variables)
  return { recipients: [recipient], from: found.from, made: true }
}

/** From here on the key of the variable is known to this process alone: neither hooks nor Docker inherit it. */
export function takeIdentityFrom(variables: NodeJS.ProcessEnv): void {
  taken = variables['SLIPWAY_AGE_KEY'] ?? taken
  delete variables['SLIPWAY_AGE_KEY']
}

let taken: string | undefined

function identitiesIn(text: string, from: string): Identities {
  const lines = text.split(/\r?\n/).map(line => line.trim())
  const keys = lines.filter(line => line !== '' && !line.startsWith('#'))
  const wrong = keys.findIndex(key => !/^AGE-SECRET-KEY-1[0-9A-Z]+$/.test(key))
  if (keys.length === 0)
    throw unusable(`${from} holds no age key`, 'It must have a line AGE-SECRET-KEY-1…, as age-keygen prints it.')
  if (wrong >= 0) {
    // Never the line itself: it may be a key with a slip in it.
    throw unusable(
      `${from} has a line that is no age key`,
      'Keep lines that start with AGE-SECRET-KEY-1, and comments with #.',
    )
  }
  return { keys, from }
}

/** Undefined: there is no such file. What others may read is no secret any more. */
async function readPrivately(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, 'r')
    try {
      const found = await handle.stat()
      if (!found.isFile()) throw unusable(`${file} is not a file`, 'Name a file with a line AGE-SECRET-KEY-1….')
      if ((found.mode & 0o077) !== 0) {
        const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
        throw unusable(`${file} can be read or written by others (mode ${mode})`, `chmod 600 ${file}`)
      }
      const own = process.getuid?.() ?? 0
      if (found.uid !== own && own !== 0) throw unusable(`${file} belongs to somebody else`, 'Use a file of your own.')
      if (found.size > largest) throw unusable(`${file} is too large for a file of keys`, 'Name the right file.')
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof SlipwayError) throw error
    if (isMissing(error) || errorCode(error) === 'ENOTDIR') return undefined
    throw unusable(
      `${file} can not be read: ${error instanceof Error ? error.message : String(error)}`,
      `chmod 600 ${file}`,
      error,
    )
  }
}

const largest = 1_000_000

function unusable(why: string, next: string, cause?: unknown): SlipwayError {
  return new SlipwayError('AGE_KEY_UNUSABLE', 'The age key can not be used', {
    why,
    state: 'nothing was changed',
    next,
    cause,
  })
}
