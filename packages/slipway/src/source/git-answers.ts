import { SlipwayError } from '../support/errors.ts'
import { runGit, type GitOptions } from '../support/git.ts'
import { redactor } from '../support/redact.ts'
import { lastLines, type RunResult } from '../support/run.ts'

/** Runs git and returns what it printed, or throws what it says is wrong. */
export async function gitText(
  directory: string,
  argv: readonly string[],
  attempted: string,
  { meaning, ...options }: GitOptions & { meaning?: string } = {},
): Promise<string> {
  const result = await runGit(directory, argv, options)
  if (result.exitCode === 0) return result.stdout
  throw sourceFailed(attempted, { why: meaning ?? causeOf(result), output: lastLines(result.stderr, 8) })
}

/** Git says what is wrong first and ends with advice. */
export function causeOf(result: RunResult): string {
  if (result.timedOut) return 'git did not end in time'
  const lines = lastLines(result.stderr, 30)
  const cause = lines.find(line => /^(fatal|error): /.test(line)) ?? lines.at(-1)
  return cause ?? `git exited with code ${result.exitCode}`
}

/** An address may hold a token, and git repeats the address. */
export function sourceFailed(
  attempted: string,
  details: { why: string; next?: string; output?: readonly string[] },
): SlipwayError {
  return redactor([]).error(
    new SlipwayError('SOURCE_FAILED', attempted, {
      state: 'nothing that runs was touched',
      next: 'Check the repository, the branch and the access rights.',
      ...details,
    }),
  )
}

/** Git ends its answer with one line break; a folder's name may end with another. */
export function oneLine(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
