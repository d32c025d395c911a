import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { holdFile, isHeld, oneAtATime, removeUnlessHeld, waitToHold } from '../../src/support/held-file.ts'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-held-'))
  file = join(folder, 'file')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('a file is held for as long as it is open, whatever it is called meanwhile', async () => {
  await writeFile(file, '')
  expect(await isHeld(file)).toBe(false)
  const handle = await open(file, 'a')
  await holdFile(handle)
  expect(await isHeld(file)).toBe(true)
  await rename(file, `${file}.renamed`)
  expect(await isHeld(`${file}.renamed`)).toBe(true)
  await handle.close()
  expect(await isHeld(`${file}.renamed`)).toBe(false)
})

test("who waits for a file has it once it is nobody else's, and not before", async () => {
  const first = await open(file, 'a')
  const second = await open(file, 'a')
  expect(await waitToHold(first, 100)).toBe(true)
  expect(await waitToHold(second, 100)).toBe(false)
  const waiting = waitToHold(second, 10_000)
  await first.close()
  expect(await waiting).toBe(true)
  await second.close()
})

test('nobody holds a file that is not there', async () => {
  expect(await isHeld(file)).toBe(false)
})

test('it is free as soon as the process that held it is killed', async () => {
  await writeFile(file, '')
  // As Slipway does it, in a process of its own: the program that takes the lock has ended by then.
  const script = `
    const { openSync } = require('node:fs')
    const { spawnSync } = require('node:child_process')
    spawnSync('flock', ['--exclusive', '--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', openSync(process.argv[1], 'a')] })
    console.log('held')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  expect(await isHeld(file)).toBe(true)
  holder.kill('SIGKILL')
  await once(holder, 'close')
  expect(await isHeld(file)).toBe(false)
})

test('what nobody holds is removed, and who comes to hold it at that moment hears that it is gone', async () => {
  await writeFile(file, '')
  const handle = await open(file, 'a')
  expect(await removeUnlessHeld(file)).toBe(false)
  expect(await holdFile(handle)).toBe(false)
  await handle.close()
  await writeFile(file, '')
  const other = await open(file, 'a')
  expect(await holdFile(other)).toBe(true)
  expect(await removeUnlessHeld(file)).toBe(true)
  expect(await isHeld(file)).toBe(true)
  await other.close()
})

test('of those who name one folder, one at a time is at work', async () => {
  const story: string[] = []
  const act = (who: string) => async (): Promise<void> => {
    story.push(`${who} begins`)
    await new Promise(resolve => setTimeout(resolve, 100))
    story.push(`${who} ends`)
  }
  await Promise.all(['a', 'b', 'c'].map(who => oneAtATime(folder, act(who))))
  expect(story.map(line => line.slice(2))).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends'])
  await expect(oneAtATime(folder, () => Promise.reject(new Error('it fails')))).rejects.toThrow('it fails')
  await oneAtATime(folder, act('d'))
})

test('who waits for too long is told so, and has done nothing', async () => {
  const handle = await open(folder, 'r')
  await holdFile(handle)
  const act = vi.fn()
  await expect(oneAtATime(folder, act, 50)).rejects.toMatchObject({ code: 'LOCKED', state: 'nothing was written' })
  expect(act).not.toHaveBeenCalled()
  await handle.close()
})
