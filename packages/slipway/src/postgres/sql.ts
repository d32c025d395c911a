import { SlipwayError } from '../support/errors.ts'

/** PostgreSQL cuts longer identifiers silently: two names become one. */
export const maxIdentifierBytes = 63

/** A name as SQL reads it back to the very same bytes. Refuses what PostgreSQL could not keep. */
export function identifier(name: string): string {
  assertIdentifier(name)
  return `"${name.replaceAll('"', '""')}"`
}

/** A string literal that means the same whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  assertText(text)
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** Connection parameters in libpq's own notation: a database called `host=evil` or `postgres://…` stays a name. */
export function connectionString(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([key, value]) => `${key}='${assertText(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join(' ')
}

export function assertIdentifier(name: string): string {
  assertText(name)
  const bytes = Buffer.byteLength(name)
  if (bytes === 0) throw new SlipwayError('DATABASE_FAILED', 'A database object has an empty name')
  if (bytes > maxIdentifierBytes) {
    throw new SlipwayError('DATABASE_FAILED', `The name ${JSON.stringify(name)} is too long for PostgreSQL`, {
      why: `it has ${bytes} bytes, and at most ${maxIdentifierBytes} are kept`,
    })
  }
  return name
}

function assertText(text: string): string {
  // A lone surrogate has no UTF-8: it would arrive as another character.
  if (text.includes('\0') || /\p{Surrogate}/u.test(text)) {
    throw new SlipwayError('DATABASE_FAILED', `${JSON.stringify(text)} can not be a name or value in PostgreSQL`)
  }
  return text
}
