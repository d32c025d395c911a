import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Event } from '../../src/release/events.ts'
import type { DeploymentRecord } from '../../src/release/model.ts'
import { fileJournal } from '../../src/store/journal.ts'
import { parseLines } from '../../src/store/json-lines.ts'
import { layout, type Layout } from '../../src/store/layout.ts'

let home: string
let places: Layout

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-journal-'))
  places = layout('shop-prod', home)
})
afterEach(() => rm(home, { recursive: true, force: true }))

const at = '2030-01-01T00:00:00.000Z'
const started: Event = { at, type: 'step-started', step: 'fetch', does: 'fetch' }
const finished = (outcome: 'deployed' | 'needs-person'): Event => ({
  at,
  type: 'deployment-finished',
  id: 'd1',
  outcome,
  seconds: 1,
  serving: 'r1 serves',
})
const record = (id: DeploymentRecord['id'], version: string): DeploymentRecord => ({
  id,
  kind: 'deploy',
  version,
  startedAt: at,
  seconds: 1,
  outcome: 'deployed',
  by: 'ada',
})

async function write(id: DeploymentRecord['id'], ...events: Event[]): Promise<void> {
  const journal = await fileJournal(places).open(id)
  for (const event of events) await journal.append(event)
  await journal.close()
}

describe('a journal', () => {
  test('gives back what was written, in files of its owner alone', async () => {
    await write('d1', started, finished('deployed'))
    expect(await fileJournal(places).read('d1')).toEqual([started, finished('deployed')])
    expect((await stat(places.journal('d1'))).mode & 0o777).toBe(0o600)
    expect((await stat(places.journals)).mode & 0o777).toBe(0o700)
  })

  test('keeps the order of appends that are made at the same time', async () => {
    const journal = await fileJournal(places).open('d1')
    const notes = Array.from(
      { length: 200 },
      (_, index): Event => ({ at, type: 'step-note', step: 'fetch', text: `${index}` }),
    )
    await Promise.all(notes.map(note => journal.append(note)))
    await journal.close()
    expect(await fileJournal(places).read('d1')).toEqual(notes)
  })

  test.each([
    '{"at":"2030","type":"step-st',
    '\0\0\0\0',
    '{"type":"note"}garbage',
    'null',
    '5',
    '"x"',
    '[1]',
    '\uFFFD',
  ])('goes on after a last line that is half or rubbish: %j', async rubbish => {
    await write('d1', started)
    await appendFile(places.journal('d1'), rubbish)
    expect(await fileJournal(places).read('d1')).toEqual([started])
    expect(await fileJournal(places).unfinished()).toBe('d1')
    await write('d1', finished('deployed'))
    expect(await fileJournal(places).read('d1')).toEqual([started, finished('deployed')])
    expect(await fileJournal(places).unfinished()).toBeUndefined()
  })

  test('is read around lines that mean nothing', () => {
    const lines = ['{"type":"a"}', '', 'null', '{"type":', '7', '[]', '\0', '{"type":"b"}\r', '   ']
    expect(parseLines(lines.join('\n'))).toEqual([{ type: 'a' }, { type: 'b' }])
  })

  test('of a deployment that there is not is said to be missing', async () => {
    await expect(fileJournal(places).read('d9')).rejects.toMatchObject({ code: 'NO_RELEASE' })
  })
})

describe('numbers', () => {
  test('go on after the highest, whatever is missing and whatever else lies there', async () => {
    const journal = fileJournal(places)
    expect(await journal.nextId()).toBe('d1')
    await write('d2', started)
    await write('d11', started)
    await write('d3', started)
    const strangers = [
      'd99.jsonl.bak',
      'x12.jsonl',
      'd0.jsonl',
      'd007.jsonl',
      'd1e9.jsonl',
      `d${'9'.repeat(30)}.jsonl`,
      '..jsonl',
    ]
    for (const name of strangers) await writeFile(join(places.journals, name), '')
    expect(await journal.nextId()).toBe('d12')
    expect(await journal.unfinished()).toBe('d11')
  })
})

describe('an unfinished deployment', () => {
  test('is the newest without an end; one that needs a person has none', async () => {
    const journal = fileJournal(places)
    expect(await journal.unfinished()).toBeUndefined()
    await write('d1', started)
    expect(await journal.unfinished()).toBe('d1')
    await write('d1', finished('needs-person'))
    expect(await journal.unfinished()).toBe('d1')
    await write('d1', finished('deployed'))
    expect(await journal.unfinished()).toBeUndefined()
    await write('d2')
    expect(await journal.unfinished()).toBeUndefined()
  })
})

describe('history', () => {
  test('tells each deployment once, as it was recorded last', async () => {
    const journal = fileJournal(places)
    expect(await journal.history()).toEqual([])
    await mkdir(places.environment, { recursive: true })
    await journal.record(record('d1', 'a'))
    await journal.record(record('d2', 'b'))
    await journal.record(record('d1', 'c'))
    expect((await journal.history()).map(each => [each.id, each.version])).toEqual([
      ['d1', 'c'],
      ['d2', 'b'],
    ])
  })

  test('loses nothing to a line that was cut off', async () => {
    const journal = fileJournal(places)
    await journal.record(record('d1', 'a'))
    await appendFile(places.history, '{"id":"d2","version"')
    await journal.record(record('d3', 'c'))
    expect((await journal.history()).map(each => each.id)).toEqual(['d1', 'd3'])
  })
})

describe('a full disk', () => {
  test('is told as such, for journals and history', async () => {
    await mkdir(places.journals, { recursive: true })
    await symlink('/dev/full', places.journal('d1'))
    await symlink('/dev/full', places.history)
    const journal = await fileJournal(places).open('d1')
    await expect(journal.append(started)).rejects.toMatchObject({ code: 'DISK_FULL' })
    await expect(journal.append(started)).rejects.toMatchObject({ code: 'DISK_FULL' })
    await journal.close()
    await expect(fileJournal(places).record(record('d1', 'a'))).rejects.toMatchObject({ code: 'DISK_FULL' })
  })

  test.skipIf(!canMount())('costs only the line that did not fit', async () => {
    await mkdir(places.journals, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', places.journals])
    try {
      const journal = await fileJournal(places).open('d1')
      await journal.append(started)
      const tooLong: Event = { at, type: 'step-note', step: 'fetch', text: 'x'.repeat(30_000) }
      await expect(journal.append(tooLong)).rejects.toMatchObject({ code: 'DISK_FULL' })
      execFileSync('mount', ['-o', 'remount,size=1m', places.journals])
      await journal.append(finished('deployed'))
      await journal.close()
      expect(await fileJournal(places).read('d1')).toEqual([started, finished('deployed')])
      expect((await readFile(places.journal('d1'), 'utf8')).length).toBeGreaterThan(1000)
    } finally {
      execFileSync('umount', [places.journals])
    }
  })
})

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
