import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pace, type PaceLimits, type Turn } from '../../src/edge/pace.ts'

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }),
)
afterEach(() => void vi.useRealTimers())

/** Takes the request of that number, and says some time after that how it went. */
type App = (number: number, done: (how: keyof Turn) => void) => void

const oneAfterTheOther = (milliseconds: number): App => {
  let busyUntil = 0
  return (_number, done) => {
    busyUntil = Math.max(busyUntil, performance.now()) + milliseconds
    setTimeout(done, busyUntil - performance.now(), 'answered')
  }
}
const each =
  (takes: (number: number) => number): App =>
  (number, done) =>
    setTimeout(done, takes(number), 'answered')
const never: App = () => undefined

/** How many were with the app at most, and when the last one was handed over and answered. */
async function handed(count: number, app: App, limits?: PaceLimits) {
  const paced = pace(limits)
  const result = { most: 0, handedAfter: 0, doneAfter: 0, answered: 0 }
  const beganAt = performance.now()
  let open = 0
  const all = Array.from({ length: count }, async (_, number) => {
    const turn = await paced.turn()
    result.most = Math.max(result.most, ++open)
    result.handedAfter = performance.now() - beganAt
    app(number, how => {
      open -= 1
      if (how === 'answered') result.answered += 1
      result.doneAfter = performance.now() - beganAt
      turn[how]()
    })
  })
  await vi.advanceTimersByTimeAsync(40_000)
  await Promise.all(all)
  return result
}

test('an app that does one thing after the other gets few at a time, and is never without one', async () => {
  const { most, answered, doneAfter } = await handed(400, oneAfterTheOther(5))
  expect(answered).toBe(400)
  expect(most).toBeLessThan(150)
  expect(doneAfter).toBeLessThan(400 * 5 * 1.01)
})

test('so does one that is slow because it has others to answer, too', async () => {
  const app = oneAfterTheOther(5)
  const others = setInterval(() => app(0, () => undefined), 6)
  const { most, answered } = await handed(400, app)
  clearInterval(others)
  expect(answered).toBe(400)
  expect(most).toBeLessThan(150)
})

test('an app that takes its time for each, however many there are, soon gets many at a time', async () => {
  const { doneAfter, most } = await handed(
    400,
    each(() => 900),
  )
  expect(most).toBeGreaterThan(120)
  expect(doneAfter).toBeLessThan(5500)
})

test('one that takes longer than anybody waits for gets them all the same, and is soon known', async () => {
  const { doneAfter } = await handed(
    400,
    each(() => 3000),
  )
  expect(doneAfter).toBeLessThan(10_000)
})

test('a quick app is not kept waiting', async () => {
  const { doneAfter } = await handed(
    1000,
    each(() => 5),
  )
  expect(doneAfter).toBeLessThan(100)
})

test.each([50, 70, 85, 95])(
  'where %i of 100 take long, and the others do not, none of them waits for long',
  async share => {
    const { doneAfter } = await handed(
      1000,
      each(number => ((number * 37) % 100 < share ? 900 : 5)),
    )
    expect(doneAfter).toBeLessThan(8000)
  },
)

test('a few quick ones at the head do not make all that follows look slow', async () => {
  const { doneAfter } = await handed(
    1000,
    each(number => (number < 40 ? 2 : 300)),
  )
  expect(doneAfter).toBeLessThan(8000)
})

test('requests at the head that are never answered do not keep those behind them waiting for long', async () => {
  const { handedAfter } = await handed(
    1000,
    each(number => (number < 500 ? 10_000_000 : 5)),
  )
  expect(handedAfter).toBeLessThan(6000)
})

test('an app that stops answering is not given ever more', async () => {
  const { most, handedAfter } = await handed(
    400,
    each(number => (number < 100 ? 5 : 1_000_000)),
  )
  expect(most).toBe(300)
  expect(handedAfter).toBeGreaterThan(6000)
})

test('an app that says at once that it can not is given time', async () => {
  const fails: App = (number, done) => void setTimeout(done, 2, number < 500 ? 'failed' : 'answered')
  const { most, doneAfter } = await handed(600, fails)
  expect(most).toBeLessThan(100)
  expect(doneAfter).toBeGreaterThan(3500)
})

test('what failed at first is not taken for usual', async () => {
  const { doneAfter } = await handed(600, (number, done) =>
    setTimeout(done, number < 32 ? 1 : 200, number < 32 ? 'failed' : 'answered'),
  )
  expect(doneAfter).toBeLessThan(3000)
})

test('one that never answers gets more each time that the patience is over', async () => {
  const { most, handedAfter } = await handed(100, never, { atFirst: 10, atMost: 50, patienceMs: 1000 })
  expect(most).toBe(100)
  expect(handedAfter).toBe(3000)
})

test('never more at a time than there may be', async () => {
  const { most } = await handed(
    500,
    each(() => 100),
    { atFirst: 10, atMost: 50, patienceMs: 1000 },
  )
  expect(most).toBe(50)
})

test('a turn that ends without an answer lets the next go, once, and says nothing of how quick the app is', async () => {
  const paced = pace({ atFirst: 1, atMost: 1, patienceMs: 1000 })
  const first = await paced.turn()
  const second = vi.fn()
  const third = vi.fn()
  void paced.turn().then(second)
  void paced.turn().then(third)
  first.dropped()
  first.dropped()
  await vi.advanceTimersByTimeAsync(0)
  expect([second, third].map(each => each.mock.calls.length)).toEqual([1, 0])
})
