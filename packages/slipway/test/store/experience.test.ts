import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RehearsalNote } from '../../src/release/experience.ts'
import { fileExperience } from '../../src/store/experience.ts'
import { layout } from '../../src/store/layout.ts'

let home: string
const place = () => layout('shop-prod', home)

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-experience-'))
  await mkdir(place().environment, { recursive: true })
})
afterEach(() => rm(home, { recursive: true, force: true }))

const backup = { databaseBytes: 5, seconds: 1.5 }
const common = { at: '2026-11-21T05:00:00.000Z', mode: 'full' as const, databaseBytes: 5, seconds: 9 }
const notes: RehearsalNote[] = [
  {
    ...common,
    of: 'x',
    rehearsal: { changed: false, seconds: 1, changes: [], locks: [], old: { kind: 'not-asked', why: 'y' } },
  },
  { ...common, failure: { message: 'no', why: 'because', output: ['a'] } },
]

test.each(notes)('is read as it was written, and each part stays until it is given anew: %o', async rehearsal => {
  const experience = fileExperience(place())
  expect(await experience.read()).toEqual({})
  await experience.add({ rehearsal })
  await experience.add({ backup })
  expect(await experience.read()).toEqual({ backup, rehearsal })
  expect((await stat(place().experience)).mode & 0o777).toBe(0o600)
  await experience.add({ backup: { ...backup, seconds: 2 } })
  expect(await experience.read()).toEqual({ backup: { ...backup, seconds: 2 }, rehearsal })
})

test.each([
  '',
  'null',
  '[]',
  '{',
  '7',
  '{"backup":7,"rehearsal":[]}',
  '{"backup":{"databaseBytes":-1,"seconds":1}}',
  '{"backup":{"databaseBytes":-1,"seconds":"x"}}',
  '{"rehearsal":{"at":"never","mode":"full","databaseBytes":1,"seconds":1,"failure":{"message":"x","output":[]}}}',
  '{"rehearsal":{"at":"2026-11-21","mode":"half","databaseBytes":1,"seconds":1,"failure":{"message":"x","output":[]}}}',
  '{"__proto__":{"backup":{"databaseBytes":1,"seconds":1}}}',
])('rubbish is no experience: %s', async text => {
  await writeFile(place().experience, text)
  expect(await fileExperience(place()).read()).toEqual({})
  await fileExperience(place()).add({ backup })
  expect(await fileExperience(place()).read()).toEqual({ backup })
})
