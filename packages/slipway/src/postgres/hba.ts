import { SlipwayError } from '../support/errors.ts'
import { complement } from './cidr.ts'

/**
 * The fence inside pg_hba.conf: a marked block at its top that rejects every address outside the allowed
 * networks, for one database. What is allowed falls through to the rules the file had before.
 * Contents are bytes (`latin1`), so that whatever a person wrote there survives.
 */
export function withFence(content: Buffer, block: string, database: string): Buffer {
  return Buffer.concat([Buffer.from(block), withoutFence(content, database)])
}

/** Takes the database's block out again; the fences of other databases stay. */
export function withoutFence(content: Buffer, database: string): Buffer {
  const text = content.toString('latin1')
  const begin = text.indexOf(beginLine(database))
  if (begin === -1) return content
  const end = text.indexOf(endLine(database), begin)
  if (end === -1) return content
  const rest = text.slice(0, begin) + text.slice(end + endLine(database).length)
  return withoutFence(Buffer.from(rest, 'latin1'), database)
}

export function fenceBlock(database: string, allowed: readonly string[], serverVersion: number): string {
  const name = databaseToken(database, serverVersion)
  // `host` is for connections with and without TLS; `reject` is asked before any password, of superusers too.
  const rules = complement(allowed).map(network => `host ${name} all ${network} reject\n`)
  return `${beginLine(database)}${rules.join('')}${endLine(database)}`
}

/** A quoted name is never a keyword such as `all` or `replication`. */
export function databaseToken(database: string, serverVersion: number): string {
  if (/[\r\n\0]/.test(database)) {
    throw new SlipwayError('HOLD_FAILED', `The database ${JSON.stringify(database)} can not be fenced`, {
      why: 'pg_hba.conf has no notation for a line break in a name',
      next: 'Rename the database.',
    })
  }
  const isPattern = database.startsWith('/') && serverVersion >= 160_000
  return `"${(isPattern ? exactPattern(database) : database).replaceAll('"', '""')}"`
}

/** From PostgreSQL 16 on a name that begins with a slash is a regular expression, quoted or not. */
function exactPattern(database: string): string {
  return `/^${database.replaceAll(/[^\p{Letter}\p{Number}_ ]/gu, character => `\\${character}`)}$`
}

function beginLine(database: string): string {
  return `# slipway fence of ${markedName(database)}: begin (while a release is changed; \`slipway\` takes it away again)\n`
}

function endLine(database: string): string {
  return `# slipway fence of ${markedName(database)}: end\n`
}

function markedName(database: string): string {
  return Buffer.from(database).toString('base64url')
}
