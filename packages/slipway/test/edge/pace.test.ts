import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pace, type PaceLimits } from '../../src/edge/pace.ts'

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }),
)
afterEach(() => void vi.useRealTimers())

/** Takes a request, and answers it some time after that. */
type App = (answer: () => void) => void

const oneAfterTheOther = (milliseconds: number): App => {
  let busyUntil = 0
  return answer => {
    busyUntil = Math.max(busyUntil, performance.now()) + milliseconds
    setTimeout(answer, busyUntil - performance.now())
  }
}
const allAtOnce =
  (milliseconds: number): App =>
  answer =>
    setTimeout(answer, milliseconds)
const never: App = () => undefined

/** How many were with the app at most, and when the last one was handed over and answered. */
async function handed(count: number, app: App, limits?: PaceLimits) {
  const paced = pace(limits)
  const result = { most: 0, handedAfter: 0, answeredAfter: 0, answered: 0 }
  const beganAt = performance.now()
  let open = 0
  const all = Array.from({ length: count }, async () => {
    const turn = await paced.turn()
    result.most = Math.max(result.most, ++open)
    result.handedAfter = performance.now() - beganAt
    app(() => {
      open -= 1
      result.answered += 1
      result.answeredAfter = performance.now() - beganAt
      turn.answered()
    })
  })
  await vi.advanceTimersByTimeAsync(30_000)
  await Promise.all(all)
  return result
}

test('an app that does one thing after the other gets few at a time, and is never without one', async () => {
  const { most, answered, answeredAfter } = await handed(400, oneAfterTheOther(5))
  expect(answered).toBe(400)
  expect(most).toBeLessThan(80)
  expect(answeredAfter).toBeLessThan(400 * 5 * 1.01)
})

test('so does one that is slow because it has others to answer, too', async () => {
  const app = oneAfterTheOther(5)
  const others = setInterval(() => app(() => undefined), 6)
  const { most, answered } = await handed(400, app)
  clearInterval(others)
  expect(answered).toBe(400)
  expect(most).toBeLessThan(80)
})

test('an app that takes its time for each, however many there are, soon gets many at a time', async () => {
  const { answeredAfter, most } = await handed(400, allAtOnce(900))
  expect(most).toBeGreaterThan(150)
  expect(answeredAfter).toBeLessThan(4600)
})

test('one that takes longer than anybody waits for gets them all the same, and is soon known', async () => {
  const { answeredAfter } = await handed(400, allAtOnce(3000))
  expect(answeredAfter).toBeLessThan(10_000)
})

test('a quick app is not kept waiting', async () => {
  const { answeredAfter } = await handed(1000, allAtOnce(5))
  expect(answeredAfter).toBeLessThan(100)
})

test('one that never answers gets a few each time that the patience is over', async () => {
  const { most, handedAfter } = await handed(100, never, { atFirst: 10, atMost: 50, patienceMs: 1000 })
  expect(most).toBe(100)
  expect(handedAfter).toBe(9000)
})

test('never more at a time than there may be', async () => {
  const { most } = await handed(500, allAtOnce(100), { atFirst: 10, atMost: 50, patienceMs: 1000 })
  expect(most).toBe(50)
})

test('a turn that ends without an answer lets the next go, once, and says nothing of how quick the app is', async () => {
  const paced = pace({ atFirst: 1, atMost: 1, patienceMs: 1000 })
  const first = await paced.turn()
  const second = vi.fn()
  const third = vi.fn()
  void paced.turn().then(second)
  void paced.turn().then(third)
  first.end()
  first.end()
  first.answered()
  await vi.advanceTimersByTimeAsync(0)
  expect([second, third].map(each => each.mock.calls.length)).toEqual([1, 0])
})
