import { exitCodes, SlipwayError } from '../../support/errors.ts'
import type { AtStartReport } from '../at-start/service.ts'
import type { Handler } from '../command.ts'
import { oneLine } from '../render/harmless.ts'
import type { Screen } from '../render/screen.ts'

export const run: Handler<{ install: boolean; remove: boolean }> = async ({ install, remove }, context) => {
  if (install && remove) {
    throw new SlipwayError('USAGE', '--install and --remove contradict each other', { next: 'Give one of them.' })
  }
  const { atStart } = await context.wiring()
  const report = await (install ? atStart.install() : remove ? atStart.remove() : atStart.look())
  const isAsAsked = report.state === (remove ? 'missing' : 'installed')
  return {
    exitCode: isAsAsked ? exitCodes.ok : exitCodes.changesPending,
    document: report,
    text: () => atStartText(report, context.stdout),
  }
}

function atStartText({ file, unit, state, changed }: AtStartReport, { paint, symbols }: Screen): string {
  const [symbol, said] = saying(state, changed, { paint, symbols })
  const lines = [`${symbol} ${paint.strong(said)}  ${paint.dim(oneLine(file))}`]
  if (state === 'installed') return `${lines.join('\n')}\n`
  const shown = unit.trimEnd().split('\n')
  return [...lines, '', ...shown.map(line => `  ${paint.dim(oneLine(line))}`), ''].join('\n')
}

function saying(
  state: AtStartReport['state'],
  changed: boolean,
  { paint, symbols }: Pick<Screen, 'paint' | 'symbols'>,
): [string, string] {
  switch (state) {
    case 'installed':
      return [paint.good(symbols.done), `${changed ? 'from now on' : 'already'}: what is cut off is ended at the start`]
    case 'missing':
      return [symbols.note, changed ? 'removed; this would install it again' : 'not installed; --install writes this:']
    case 'differs':
      return [symbols.note, 'another one is installed; --install replaces it with this:']
    case 'off':
      return [symbols.note, 'installed, and not enabled; --install enables it:']
  }
}
