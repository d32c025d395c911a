import { exitCodes } from '../../support/errors.ts'
import type { CheckedService, CheckReport } from '../application.ts'
import type { Handler } from '../command.ts'
import { oneLine } from '../render/harmless.ts'
import type { Screen } from '../render/screen.ts'
import { table } from '../render/table.ts'
import { problemsBlock } from '../render/trouble.ts'
import { plural } from '../render/words.ts'

export const run: Handler<{ environment: string | undefined; history: boolean }> = async (input, context) => {
  const wiring = await context.wiring()
  const report = await wiring.checkConfiguration(context.options.config, input.environment, {
    history: input.history,
  })
  return { exitCode: exitCodes.ok, document: report, text: () => checkText(report, context.stdout) }
}

function scannedText({ files, skipped, history }: NonNullable<CheckReport['scanned']>): string {
  const left = skipped.length === 0 ? '' : `; too large to be looked at: ${oneLine(skipped.join(', '))}`
  return `no secret in clear in the ${plural(files, 'file')} that Git keeps${left}${historyText(history)}`
}

function historyText(history: NonNullable<CheckReport['scanned']>['history']): string {
  if (history === undefined) return ''
  const { commits, versions, tooLarge } = history
  const left = tooLarge === 0 ? '' : `; ${tooLarge} were too large to be looked at`
  return `\n  nor in the ${plural(versions, 'version')} of files in ${plural(commits, 'commit')}${left}`
}

function serviceWords({ name, role, servers }: CheckedService): string {
  return `${name} (${role}${servers === undefined ? '' : ` on ${servers.join(' and ')}`})`
}

function checkText({ file, app, environments, warnings, scanned }: CheckReport, screen: Screen): string {
  const { paint, symbols } = screen
  const found = warnings.length === 0 ? 'no mistakes' : `no mistakes, ${plural(warnings.length, 'warning')}`
  const rows = environments.map(each => [
    { text: each.name, style: paint.strong },
    { text: each.production ? 'production' : '', style: paint.dim },
    { text: each.services.map(serviceWords).join(', ') },
  ])
  const columns = [{ title: 'ENVIRONMENT' }, { title: '' }, { title: 'SERVICES' }]
  return [
    `${paint.good(symbols.done)} ${paint.strong(oneLine(`${app}: ${found}`))}  ${paint.dim(oneLine(file))}`,
    ...(warnings.length === 0 ? [] : [problemsBlock(warnings, screen)]),
    '',
    ...table(columns, rows, screen),
    ...(scanned === undefined ? [] : ['', `  ${paint.dim(scannedText(scanned))}`]),
    '',
  ].join('\n')
}
