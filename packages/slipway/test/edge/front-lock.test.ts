import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aloneAtFront } from '../../src/edge/front-lock.ts'
import { edgeLayout, type EdgeLayout } from '../../src/edge/layout.ts'
import { isThere } from '../../src/support/files.ts'

let folder: string
let layout: EdgeLayout

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-front-'))
  layout = edgeLayout(join(folder, 'edge'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('who changes the front does so alone', async () => {
  let inside = 0
  let most = 0
  const change = (): Promise<void> =>
    aloneAtFront(layout, async () => {
      inside++
      most = Math.max(most, inside)
      await sleep(30)
      inside--
    })
  await Promise.all([change(), change(), change()])
  expect(most).toBe(1)
})

test('one that fails lets the next one in', async () => {
  await expect(aloneAtFront(layout, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await aloneAtFront(layout, () => Promise.resolve('in'), 100)).toBe('in')
})

test('nobody waits without end, and it is said for what', async () => {
  let leave: (() => void) | undefined
  const staying = new Promise<void>(resolve => (leave = resolve))
  let isIn: (() => void) | undefined
  const entered = new Promise<void>(resolve => (isIn = resolve))
  const first = aloneAtFront(layout, () => {
    isIn?.()
    return staying
  })
  await entered
  await expect(aloneAtFront(layout, () => Promise.resolve(), 200)).rejects.toMatchObject({
    code: 'EDGE_FAILED',
    message: 'The edge is being changed by others',
    why: expect.stringContaining('0.2 s'),
  })
  leave?.()
  await first
})

test('clients are no longer asked to leave for a reload that was killed', async () => {
  await aloneAtFront(layout, () => writeFile(layout.leaving, ''))
  expect(await aloneAtFront(layout, () => isThere(layout.leaving))).toBe(false)
})
