import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isTended, takeTending, tending, untilReplaced } from '../../../src/cli/tending/alone.ts'
import type { WarmNote } from '../../../src/release/ports.ts'
import { layout, type Layout } from '../../../src/store/layout.ts'

let home: string
let place: Layout

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tending-'))
  place = layout('app-prod', home)
})

afterEach(() => rm(home, { recursive: true, force: true }))

test('one process looks after it; a second one waits a moment and leaves', async () => {
  expect(await isTended(place)).toBe(false)
  const first = await takeTending(place)
  expect(await isTended(place)).toBe(true)
  expect(await takeTending(place, 400)).toBeUndefined()
  await first?.release()
  expect(await isTended(place)).toBe(false)
})

test('one that gives way is followed by the next', async () => {
  const first = await takeTending(place)
  setTimeout(() => void first?.release(), 500)
  const second = await takeTending(place)
  expect(second).toBeDefined()
  await second?.release()
})

test('where nobody does, one is started and waited for; where somebody does, none', async () => {
  let started = 0
  let taken: Promise<Awaited<ReturnType<typeof takeTending>>> | undefined
  const start = () => {
    started += 1
    taken = takeTending(place)
  }
  await tending(place, start).ensure()
  expect(await isTended(place)).toBe(true)
  await tending(place, start).ensure()
  expect(started).toBe(1)
  await (await taken)?.release()
})

test('one that the same command has begun is waited for, not started again', async () => {
  let started = 0
  let taken: ReturnType<typeof takeTending> | undefined
  const ours = tending(place, () => {
    started += 1
    setTimeout(() => {
      taken = takeTending(place)
    }, 200)
  })
  ours.begin()
  await ours.ensure()
  expect(await isTended(place)).toBe(true)
  expect(started).toBe(1)
  await (await taken)?.release()
})

test('it gives way as soon as another release, or none, is kept warm', async () => {
  const note: WarmNote = { release: 'r1', until: '2026-11-21T10:00:00.000Z' }
  for (const next of [undefined, { ...note, release: 'r2' as const }, { ...note, until: '2026-11-21T11:00:00.000Z' }]) {
    let now: WarmNote | undefined = note
    const replaced = untilReplaced(note, { read: async () => now }, 10)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(replaced.signal.aborted).toBe(false)
    now = next
    await expect.poll(() => replaced.signal.aborted).toBe(true)
    replaced.stop()
  }
})
