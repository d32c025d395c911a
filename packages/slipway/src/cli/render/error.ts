import { relative } from 'node:path'
import type { SlipwayError } from '../../support/errors.ts'
import { annotation } from './github-commands.ts'
import type { Screen, Variables } from './screen.ts'
import { troubleBlock } from './trouble.ts'
import { harmless } from './harmless.ts'

/** An error as a person reads it: what, why, where, what state things are in, what to do next. */
export function errorText(error: SlipwayError, screen: Screen, options: { debug: boolean }): string {
  const block = troubleBlock(
    {
      code: error.code,
      title: error.message,
      why: error.why,
      problems: error.problems,
      output: error.output,
      state: error.state,
      next: error.next ?? (error.code === 'BUG' ? 'Run it again with --debug and report what it prints.' : undefined),
    },
    screen,
  )
  return options.debug
    ? `${block}\n${stacks(error)
        .map(line => screen.paint.dim(`  ${line}`))
        .join('\n')}\n`
    : block
}

/** Annotations of the files that a person must mend; one for the error itself when it is of no file. */
export function errorAnnotations(error: SlipwayError, variables: Variables): string {
  const root = variables['GITHUB_WORKSPACE'] ?? ''
  if (error.problems.length === 0) {
    return annotation('error', { title: error.code }, [error.message, error.why ?? ''].join('\n').trim())
  }
  return error.problems
    .map(problem => {
      const file = root === '' ? problem.file : relative(root, problem.file)
      const place = { title: error.code, file, line: problem.line, col: problem.column }
      return annotation(problem.severity, place, `${problem.message}\n${problem.mend}`.trim())
    })
    .join('')
}

function stacks(error: unknown): string[] {
  const found: string[] = []
  for (let each = error; each instanceof Error && found.length < 200; each = each.cause) {
    found.push(...harmless(each.stack ?? each.message).split('\n'), '')
  }
  return found
}
