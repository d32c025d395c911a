/**
 * The one place that writes for a shell. OpenSSH gives the other side a line, not an argv array: this makes a line of
 * which a POSIX shell makes exactly the same words again.
 */
export function shellLine(argv: readonly string[]): string {
  return argv.map(quoted).join(' ')
}

/** Between single quotes nothing means anything; a single quote itself stands outside of them, behind a backslash. */
function quoted(word: string): string {
  if (word.includes('\0')) throw new TypeError('A word of a command can not hold a NUL character')
  return `'${word.replaceAll("'", `'\\''`)}'`
}
