import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { endLeftoverPrograms, lockVariable, markPrograms } from '../../src/store/leftover-programs.ts'

const children: ChildProcess[] = []

afterEach(() => {
  markPrograms(undefined)
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function sleeper(lock: string | undefined): ChildProcess {
  const child = spawn('sleep', ['60'], { detached: true, env: { ...process.env, [lockVariable]: lock } })
  children.push(child)
  return child
}

test('ends what was started under this lock, and nothing else', async () => {
  const [ours, others, free] = [sleeper('/srv/a/lock'), sleeper('/srv/a/lock-2'), sleeper(undefined)]
  const ended = once(ours, 'exit')
  expect(await endLeftoverPrograms('/srv/a/lock')).toBe(1)
  expect((await ended)[1]).toBe('SIGKILL')
  expect([others.exitCode, others.signalCode, free.exitCode, free.signalCode]).toEqual([null, null, null, null])
  expect(await endLeftoverPrograms('/srv/a/lock')).toBe(0)
})

test('marks what this process starts from then on, and never ends this process', async () => {
  markPrograms('/srv/b/lock')
  const child = spawn('sleep', ['60'], { detached: true })
  children.push(child)
  markPrograms(undefined)
  const later = spawn('sleep', ['60'], { detached: true })
  children.push(later)
  const ended = once(child, 'exit')
  expect(await endLeftoverPrograms('/srv/b/lock')).toBe(1)
  await ended
  expect(later.signalCode).toBeNull()
})
