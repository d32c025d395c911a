import { errorCatalogue, exitCodes } from '../../support/errors.ts'
import { code, generatedFrom, markdownTable } from './markdown.ts'

export function exitCodesReference(): string {
  const rows = Object.entries(meanings).map(([name, means]) => {
    const exit = exitCodes[name as keyof typeof exitCodes]
    const errors = Object.entries(errorCatalogue).filter(([, error]) => error.exit === exit)
    return [String(exit), means, errors.map(([errorCode]) => code(errorCode)).join(' ')]
  })
  return [
    '# Exit codes',
    generatedFrom('support/errors.ts'),
    'They are a contract: a code never changes its meaning.',
    markdownTable(['Exit code', 'Means', 'Errors'], rows),
    [
      'How a deployment or rollback ended decides its exit code: `deployed` and `unchanged` 0, `failed` that of its error,',
      '`rolled-back` 3 (130 after Ctrl-C), `needs-person` 4, and so does `deployed` with a `doubt`: the watch saw the release do',
      'badly, and it could not go back by itself.',
    ].join('\n'),
  ].join('\n\n')
}

const meanings: Record<keyof typeof exitCodes, string> = {
  ok: 'Done, or nothing to do.',
  failedNothingChanged: 'Failed; nothing that runs was changed.',
  usage: 'A mistake in the command line or the configuration.',
  rolledBack: 'Failed and rolled back: what served before serves again.',
  needsPerson: 'Failed, and the way back failed too, or was barred by the data: a person must look.',
  locked: 'Another deployment of the environment, or another set-up of the server, is under way.',
  changesPending: 'Only looked (`plan`, `promote --dry-run`, `server check` …): something is to be done.',
  bug: 'Slipway met a state it should never meet.',
  interrupted: 'Interrupted by Ctrl-C or a signal.',
}
