import type { ProvenRelease } from '../../release/promotion.ts'
import { oneLine } from './harmless.ts'
import { shortImage } from './image.ts'
import type { Screen } from './screen.ts'
import { table } from './table.ts'

/** What is promoted, and why it counts as proven: said before anything is done. */
export function promotionText({ promotion, proof, unseen = [] }: ProvenRelease, to: string, screen: Screen): string {
  const { paint, symbols } = screen
  const { from, release, version, commit, images } = promotion
  const title = [release, version, commit?.subject].filter(part => part !== undefined).join('  ')
  const rows = Object.entries(images).map(([service, image]) => [
    { text: service },
    { text: shortImage(image), style: paint.dim },
  ])
  return [
    paint.strong(oneLine(`${from} ${symbols.arrow} ${to}: ${title}`)),
    ...proof.map(each => `  ${paint.good(symbols.done)} ${oneLine(each)}`),
    ...unseen.map(each => `  ${paint.dim(symbols.skipped)} ${oneLine(each)}`),
    ...table([{ title: 'SERVICE' }, { title: 'IMAGE' }], rows, screen).map(line => `  ${line}`),
    '',
    '',
  ].join('\n')
}
