import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { whileAnswered, type Patience } from '../../src/support/docker-silence.ts'
import { run } from '../../src/support/run.ts'

const quick = (answers: Patience['answers']): Patience => ({ answers, firstLookMs: 5, paceMs: 5, silentMs: 60 })

/** A call that ends only when it is told to. */
function endless(signal: AbortSignal): Promise<string> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve('ended')))
}

describe('a call of Docker', () => {
  test('is ended once Docker has answered nobody for a while', async () => {
    const began = performance.now()
    expect(
      await whileAnswered(
        endless,
        quick(async () => false),
      ),
    ).toEqual({ result: 'ended', silent: true })
    expect(performance.now() - began).toBeGreaterThan(55)
  })

  test('goes on for as long as Docker answers others', async () => {
    let asked = 0
    const work = () => new Promise<string>(resolve => setTimeout(() => resolve('built'), 200))
    const answers = async () => (asked += 1) % 2 === 0
    expect(await whileAnswered(work, quick(answers))).toEqual({ result: 'built', silent: false })
    expect(asked).toBeGreaterThan(4)
  })

  test('that is over soon asks nobody, and one that fails fails', async () => {
    const never = () => Promise.reject(new Error('nobody was to be asked'))
    const patience = { ...quick(never), firstLookMs: 60_000 }
    expect(await whileAnswered(async () => 1, patience)).toEqual({ result: 1, silent: false })
    await expect(whileAnswered(() => Promise.reject(new Error('broken')), patience)).rejects.toThrow('broken')
  })

  test('a look that hangs does not keep what is over', async () => {
    const work = () => new Promise<string>(resolve => setTimeout(() => resolve('done'), 50))
    expect(
      await whileAnswered(
        work,
        quick(() => new Promise(() => undefined)),
      ),
    ).toMatchObject({ result: 'done' })
  })
})

test('a program that is cut off takes along what it has started', async () => {
  const child = `process.stdout.write(String(process.pid)); setInterval(() => undefined, 1000)`
  const parent = `const { spawn } = require('node:child_process')
    spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' })
    process.on('SIGTERM', () => process.exit(0))`
  const { timedOut, stdout } = await run(process.execPath, ['-e', parent], { timeoutMs: 1500 })
  expect(timedOut).toBe(true)
  const pid = Number(stdout)
  expect(pid).toBeGreaterThan(1)
  await expect.poll(() => isAlive(pid)).toBe(false)
})

/** One that has died, and that nobody has buried, is dead. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
