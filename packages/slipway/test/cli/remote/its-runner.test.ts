import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leaveToItsRunner } from '../../../src/cli/remote/its-runner.ts'
import type { DeploymentId } from '../../../src/release/model.ts'
import { fileJournal } from '../../../src/store/journal.ts'
import { layout, type Layout } from '../../../src/store/layout.ts'
import { fileLock } from '../../../src/store/lock.ts'

let home: string
let place: Layout
let asked: number

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'its-runner-'))
  place = layout('shop-prod', home)
  asked = 0
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function append(type: 'begun' | 'ended', id: DeploymentId = 'd1'): Promise<void> {
  const journal = await fileJournal(place).open(id)
  const at = '2026-11-22T10:00:00.000Z'
  await journal.append(
    type === 'begun'
      ? { at, type: 'step-started', step: 'start', does: 'Start r2' }
      : { at, type: 'deployment-finished', id, outcome: 'rolled-back', seconds: 1, serving: 'r1 serves' },
  )
  await journal.close()
}

const lives = (times: number) => () => {
  asked += 1
  return Promise.resolve(asked <= times)
}

test('where nothing was cut off, or nobody is there who could end it, nobody waits', async () => {
  await leaveToItsRunner(place, lives(100))
  expect(asked).toBe(0)
  await append('begun')
  await leaveToItsRunner(place, lives(0))
  expect(asked).toBe(1)
})

test('who lives is given the time to end it, and no more when he has the lock', async () => {
  await append('begun')
  const waiting = leaveToItsRunner(place, lives(100))
  setTimeout(() => void append('ended'), 400)
  await waiting
  expect(asked).toBeGreaterThan(1)

  await append('begun', 'd2')
  expect(await fileJournal(place).unfinished()).toBe('d2')
  const held = await fileLock(place.lock).acquire('recovery')
  asked = 0
  await leaveToItsRunner(place, lives(100))
  expect(asked).toBe(0)
  await held.release()
})

test('one that does nothing is not waited for for ever', async () => {
  await append('begun')
  const began = performance.now()
  await leaveToItsRunner(place, lives(100), 500)
  expect(performance.now() - began).toBeGreaterThan(400)
  expect(performance.now() - began).toBeLessThan(5000)
})
