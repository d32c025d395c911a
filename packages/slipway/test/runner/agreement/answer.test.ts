import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answerFollower } from '../../../src/runner/agreement/answer.ts'
import { decidingOnDisk } from '../../../src/runner/agreement/deciding.ts'
import { agreementPlace } from '../../../src/runner/agreement/place.ts'
import { fileJournal } from '../../../src/store/journal.ts'
import { layout } from '../../../src/store/layout.ts'

const key = 'd1@2026-11-21T10:00:00.000Z'
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-agreement-'))
  vi.stubEnv('SLIPWAY_HOME', home)
  await mkdir(place().journals, { recursive: true })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true, force: true })
})

const place = () => layout('shop-prod')

async function note(facts: object): Promise<void> {
  const journal = await fileJournal(place()).open('d1')
  await journal.append({ at: '2026-11-21T10:00:00.000Z', type: 'step-fact', step: 'switch', facts })
  await journal.close()
}

/** All that it says to these bytes. */
async function said(bytes: string, argv = ['__agree', 'shop-prod', 'a']) {
  const output = new PassThrough()
  const input = new PassThrough()
  input.end(bytes)
  const code = await answerFollower(argv, input, output)
  output.end()
  const [greeting, ...lines] = (await output.toArray()).join('').split('\n').filter(Boolean)
  return { code, greeting, answers: lines.map(line => JSON.parse(line) as object) }
}

const ask = (report?: object, ofKey = key): string => `${JSON.stringify({ ask: 1, key: ofKey, report })}\n`

test('answers from the journal, whether somebody deploys or not, and keeps what it is told', async () => {
  await note({ agreement: { role: 'decides', key } })
  const first = await said(ask({ stage: 'ready' }))
  expect(first).toMatchObject({ code: 0, greeting: 'slipway agreement 1', answers: [{ of: 1, decisions: {} }] })
  await note({ outcome: 'switch' })
  expect((await said(ask())).answers).toEqual([{ of: 1, decisions: { outcome: 'switch' } }])
  const heard = await decidingOnDisk(place(), ['a', 'b']).heard(key)
  expect([...heard.keys()]).toEqual(['a'])
  expect(heard.get('a')?.report).toEqual({ stage: 'ready' })
  expect(heard.get('a')?.silentMs).toBeLessThan(5000)
})

test('what is not known has gone back; without the folder of journals nothing is said about it', async () => {
  expect((await said(ask())).answers).toMatchObject([{ decisions: { outcome: 'back', restored: true } }])
  await rm(place().journals, { recursive: true })
  expect((await said(ask())).answers).toEqual([{ of: 1, failed: expect.stringContaining('ENOENT') }])
})

test('a report that comes late takes nothing back, one of another deployment does not count for this one', async () => {
  const deciding = decidingOnDisk(place(), ['a'])
  await said(ask({ stage: 'held' }) + ask({ stage: 'begun', next: 'r2' }))
  expect((await deciding.heard(key)).get('a')?.report).toEqual({ stage: 'held', next: 'r2' })
  await said(ask({ stage: 'failed', why: 'tired' }, 'd2@2026-11-21T11:00:00.000Z'))
  expect((await deciding.heard(key)).size).toBe(0)
})

test('hostile input ends it, and nothing but a report of this very follower is ever written', async () => {
  await note({ agreement: { role: 'decides', key } })
  const before = await readFile(place().journal('d1'), 'utf8')
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '; touch /tmp/slipway-was-here\n',
    `${'x'.repeat(9000)}\n`,
    'x'.repeat(100_000),
    `${JSON.stringify({ ask: 1, key: 'd1/../../x@2026-11-21T10:00:00.000Z' })}\n`,
    `${JSON.stringify({ ask: 1, key, report: { stage: '../../../../tmp/x' } })}\n`,
    '\0\0\0\n',
  ]) {
    const { answers } = await said(bytes)
    expect(answers).toEqual([])
  }
  // What came before the rubbish counts, what comes after it does not.
  const mixed = await said(`${ask({ stage: 'begun' })}rubbish\n${ask({ stage: 'ready' })}`)
  expect(mixed.answers.length).toBe(1)
  expect(await readFile(place().journal('d1'), 'utf8')).toBe(before)
  expect(await readdir(join(home, 'apps/shop-prod'))).toEqual(['agreement', 'deployments'])
  expect(await readdir(agreementPlace(place()).reports)).toEqual(['a.json'])
  expect((await decidingOnDisk(place(), ['a']).heard(key)).get('a')?.report.stage).toBe('begun')
})

test('a line longer than any question ends it, whatever it says and whether it ends or not', async () => {
  expect((await said(`${' '.repeat(9000)}${ask()}`)).answers).toEqual([])
  const open = new PassThrough()
  open.write(`${ask()}${'x'.repeat(9000)}`)
  const output = new PassThrough()
  await answerFollower(['__agree', 'shop-prod', 'a'], open, output)
  output.end()
  expect((await output.toArray()).join('').split('\n').length).toBe(3)
}, 5000)

test('a server of no such name is nobody', async () => {
  const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  for (const name of ['../b', '', 'a b', '--help', 'A', 'a'.repeat(41)]) {
    expect((await said(ask({ stage: 'ready' }), ['__agree', 'shop-prod', name])).code).toBe(2)
  }
  expect((await said(ask(), ['__agree', 'shop-prod', 'a', 'more'])).code).toBe(2)
  printed.mockRestore()
})

test('what lies damaged where reports are kept was not told', async () => {
  const { reports } = agreementPlace(place())
  await mkdir(reports, { recursive: true })
  for (const text of ['', '{', '[]', '{"key":"d1@x","report":{"stage":"ready"},"boot":"b","at":1}']) {
    await writeFile(join(reports, 'a.json'), text)
    expect((await decidingOnDisk(place(), ['a']).heard(key)).size).toBe(0)
  }
  await writeFile(
    join(reports, 'a.json'),
    JSON.stringify({ key, report: { stage: 'ready' }, boot: 'an earlier start of this machine', at: 1 }),
  )
  expect((await decidingOnDisk(place(), ['a']).heard(key)).get('a')?.silentMs).toBe(Number.POSITIVE_INFINITY)
})
