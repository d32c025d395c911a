import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { warmUp } from '../../src/edge/warm-up.ts'
import type { Probe } from '../../src/release/ports.ts'

const answered: Probe = { kind: 'answered', status: 500, body: '', milliseconds: 1 }
const never = new AbortController().signal

function service(answer: () => Promise<Probe>) {
  const asked: string[] = []
  let now = 0
  let most = 0
  return {
    asked,
    most: () => most,
    async ask(path: string): Promise<Probe> {
      asked.push(path)
      most = Math.max(most, ++now)
      return answer().finally(() => now--)
    },
  }
}

test('each path is asked as often as the others, ten at once, whatever is answered', async () => {
  const { asked, ask, most } = service(async () => answered)
  await warmUp(ask, ['/health', '/orders'], never)
  expect(asked).toHaveLength(200)
  expect(asked.filter(path => path === '/health')).toHaveLength(100)
  expect(most()).toBe(10)
})

test('without a path nothing is asked', async () => {
  const { asked, ask } = service(async () => answered)
  await warmUp(ask, [], never)
  expect(asked).toEqual([])
})

test('who does not answer, or only slowly, is left alone', async () => {
  const away = service(async () => ({ kind: 'no-answer', why: 'x' }))
  await warmUp(away.ask, ['/'], never)
  expect(away.asked).toHaveLength(10)
  const slow = service(() => sleep(550, answered))
  await warmUp(slow.ask, ['/'], never)
  expect(slow.asked).toHaveLength(10)
})

test('it ends after a second, and as soon as its time is over', async () => {
  const slowly = service(() => sleep(120, answered))
  await warmUp(slowly.ask, ['/'], never)
  expect(slowly.asked.length).toBeGreaterThan(20)
  expect(slowly.asked.length).toBeLessThanOrEqual(100)
  const over = new AbortController()
  const { asked, ask } = service(async () => {
    over.abort()
    return answered
  })
  await warmUp(ask, ['/'], over.signal)
  expect(asked).toHaveLength(10)
})
