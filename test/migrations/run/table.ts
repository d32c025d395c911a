import type { MigrationCase } from '../case.ts'
import { squawkOf } from './squawk.ts'
import type { Observation } from './observe.ts'

/** The page with every case: what became of old code, what Slipway says, what squawk says, which locks were held. */
export function table(
  corpus: Readonly<Record<string, readonly MigrationCase[]>>,
  observations: ReadonlyMap<string, Observation>,
): string {
  const themes = Object.entries(corpus).map(([theme, cases]) => {
    const rows = cases.map(one => row(one, observations.get(one.name)))
    return [`## ${theme}`, '', head, ...rows, ''].join('\n')
  })
  return [introduction, summary(Object.values(corpus).flat(), observations), '', ...themes].join('\n')
}

const introduction = `<!-- Written by test/migrations/corpus.test.ts; renew it with: npx vitest run --project migrations -u -->
# Migrations, and whether old code lives with them

Each migration below ran on a real PostgreSQL while an application of before was at work. Its *truth* is what then happened:
**safe**: every statement of the old code still has the answer it had; **breaking**: one fails, or answers otherwise;
**fails**: the migration itself; **lies**: it claims success and has not done its work. *Slipway* is the verdict of the
rehearsal, from the schema, the rows and what the old code was seen doing, never from the migration's text.
*Squawk* reads the text. The locks are the strongest on each table that was there before; \`⟳\`: the table was written anew.
`
const head = '| migration | truth | Slipway | because | squawk | locks |\n| --- | --- | --- | --- | --- | --- |'

function row(one: MigrationCase, seen: Observation | undefined): string {
  if (seen === undefined) return `| ${one.name} | ? | | | | |`
  const ours = wrong(seen) ? `**${seen.ours.verdict}**` : seen.ours.verdict
  const locks = [...(seen.locks ?? ['–']), ...seen.rewritten.map(name => `⟳ ${name}`)].join(', ')
  return `| ${[one.name, seen.truth, ours, seen.ours.because, squawkOf(one)?.told ?? '–', locks].map(cell).join(' | ')} |`
}

/** The one thing that may not be. */
const wrong = (seen: Observation): boolean => seen.truth === 'breaking' && seen.ours.verdict !== 'breaking'

export function summary(cases: readonly MigrationCase[], observations: ReadonlyMap<string, Observation>): string {
  const seen = cases.flatMap(one => {
    const observation = observations.get(one.name)
    return observation === undefined ? [] : [{ one, observation, squawk: squawkOf(one) }]
  })
  const of = (truth: string) => seen.filter(({ observation }) => observation.truth === truth)
  const read = (truth: string) => of(truth).filter(({ squawk }) => squawk !== undefined)
  const count = (cases: readonly unknown[]): string => String(cases.length)
  const unlike = (truth: string, level: 'full' | 'unseen' | 'schemaAlone', verdict: string): string =>
    count(
      of(truth).filter(
        ({ observation }) => (level === 'full' ? observation.ours.verdict : observation[level]) !== verdict,
      ),
    )
  const held = (level: 'full' | 'unseen' | 'schemaAlone'): string =>
    count(
      of('safe').filter(
        ({ observation }) => (level === 'full' ? observation.ours.verdict : observation[level]) === 'breaking',
      ),
    )
  const squawks = (truth: string, breaks: boolean): string =>
    `${count(read(truth).filter(({ squawk }) => squawk?.breaks === breaks))} of ${count(read(truth))}`
  return [
    `| of ${seen.length} | cases | Slipway | without what old code was seen doing | by the schema alone | squawk |`,
    '| --- | --- | --- | --- | --- | --- |',
    `| breaking, passed as compatible | ${count(of('breaking'))} | **${unlike('breaking', 'full', 'breaking')}** | ${unlike('breaking', 'unseen', 'breaking')} | ${unlike('breaking', 'schemaAlone', 'breaking')} | ${squawks('breaking', false)} |`,
    `| safe, held without need | ${count(of('safe'))} | ${held('full')} | ${held('unseen')} | ${held('schemaAlone')} | ${squawks('safe', true)} |`,
    `| failing, not noticed | ${count(of('fails'))} | ${unlike('fails', 'full', 'fails')} | ${unlike('fails', 'unseen', 'fails')} | | ${squawks('fails', false)} |`,
    `| lying, believed | ${count(of('lies'))} | ${unlike('lies', 'full', 'lies')} | | | ${squawks('lies', false)} |`,
  ].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
