/**
 * A script on its way over stdin. The shell reads the braces to their end before it runs anything, so that a script
 * that was cut off does nothing at all; and no program in it can read what is left of the script as its own input.
 */
export function wholeScript(text: string): string {
  return `{\n${text}\n} </dev/null\nexit $?\n`
}
