import { errorCatalogue } from '../../support/errors.ts'
import { code, generatedFrom, markdownTable } from './markdown.ts'

export function errorsReference(): string {
  const rows = Object.entries(errorCatalogue).map(([name, { exit, means }]) => [code(name), String(exit), means])
  return [
    '# Errors',
    generatedFrom('support/errors.ts'),
    [
      'Every error has a code, and says what was attempted, why it failed, what state things are in now and what to do next.',
      'The exit code here is that of an error before a deployment began, or of one that changed nothing; a deployment that',
      'was rolled back exits with 3 whatever the cause ([exit codes](exit-codes.md)).',
    ].join('\n'),
    markdownTable(['Code', 'Exit code', 'Means'], rows),
  ].join('\n\n')
}
