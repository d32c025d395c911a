import { SlipwayError } from './errors.ts'
import { mapText } from './map-text.ts'
import { passwordRanges, writtenForms, type Range } from './secret-forms.ts'

/**
 * Takes known secret values out of texts: as they are, URL-encoded and in base64.
 * Passwords inside URLs are taken out even when they are not known.
 */
export function redactor(secrets: readonly string[]): Redactor {
  const forms = [...new Set(secrets.filter(isWorthHiding).flatMap(writtenForms))]
  const text = (given: string): string => replaceRanges(given, [...occurrences(given, forms), ...passwordRanges(given)])
  return {
    text,
    event: event => mapText(event, (given, key) => (structuralKeys.has(key) ? given : text(given))),
    error: error => redactedError(error, text),
  }
}

export interface Redactor {
  text: (text: string) => string
  /** Leaves the names by which a deployment finds its way back: a password may well be called like the database. */
  event: <T>(event: T) => T
  error: (error: SlipwayError) => SlipwayError
}

/** Shorter values would blacken half of every text, and protect nothing. */
export const shortestSecret = 6
export const blackened = '[redacted]'

/** The values of an environment that look secret by their names, and the passwords in its URLs. */
export function secretsOf(environment: Readonly<Record<string, string>>): string[] {
  const found = new Set<string>()
  for (const [name, value] of Object.entries(environment)) {
    if (secretName.test(name) && !pathName.test(name)) found.add(value)
    for (const range of passwordRanges(value)) addPassword(found, value.slice(range.from, range.to))
  }
  return [...found].filter(isWorthHiding)
}

const secretName = /PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|DSN/i
/** `POSTGRES_PASSWORD_FILE` says where the secret lies; that is no secret. */
const pathName = /_(FILE|PATH|DIR)$/i

/**
 * What machines compare and recover by. Slipway writes these itself, no program's output gets into them,
 * and a journal in which they are blackened could not bring a cut-off deployment to its end.
 */
const structuralKeys = new Set(
  [
    'type at step id kind outcome code towards role mode',
    'app environment project name service services quieted',
    'release current target previous version sha createdAt',
    'database of leftBehind file directory backup snapshot sha256',
    'fingerprint stateFingerprint migrationFingerprint secretsFingerprint',
    // What several servers agree on: other servers read it in the journal.
    'shared networks key assigned everywhere verdict',
  ].flatMap(line => line.split(' ')),
)

function isWorthHiding(secret: string): boolean {
  return secret.trim().length >= shortestSecret && !blackened.includes(secret)
}

function addPassword(found: Set<string>, password: string): void {
  found.add(password)
  try {
    found.add(decodeURIComponent(password))
  } catch {
    // A stray percent sign: the password is written as it is.
  }
}

function occurrences(text: string, forms: readonly string[]): Range[] {
  const found: Range[] = []
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
      found.push({ from: at, to: at + form.length })
    }
  }
  return found
}

/** Ranges that overlap are blackened as one, so that no rest of a secret stays. */
function replaceRanges(text: string, ranges: Range[]): string {
  if (ranges.length === 0) return text
  let result = ''
  let end = 0
  for (const range of ranges.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (range.from >= end || end === 0) result += text.slice(end, range.from) + blackened
    end = Math.max(end, range.to)
  }
  return result + text.slice(end)
}

function redactedError(error: SlipwayError, text: (given: string) => string): SlipwayError {
  const optional = (given: string | undefined): string | undefined => (given === undefined ? undefined : text(given))
  const redacted = new SlipwayError(error.code, text(error.message), {
    why: optional(error.why),
    state: optional(error.state),
    next: optional(error.next),
    problems: error.problems.map(problem => ({ ...problem, message: text(problem.message), mend: text(problem.mend) })),
    output: error.output.map(text),
    cause: error.cause instanceof Error ? redactedCause(error.cause, text) : undefined,
  })
  redacted.stack = optional(error.stack) ?? ''
  return redacted
}

function redactedCause(cause: Error, text: (given: string) => string): Error {
  const redacted = new Error(text(cause.message))
  redacted.name = cause.name
  redacted.stack = text(cause.stack ?? '')
  return redacted
}
