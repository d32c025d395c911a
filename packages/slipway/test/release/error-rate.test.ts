import { describe, expect, test } from 'vitest'
import { ErrorRate } from '../../src/release/error-rate.ts'

/** Looks twice a second, with so many requests and failures in each half second. */
function looks(rate: ErrorRate, halves: [requests: number, failed: number][]): string | undefined {
  let [requests, failed] = [0, 0]
  let why: string | undefined
  halves.forEach((half, index) => {
    requests += half[0]
    failed += half[1]
    why ??= rate.add(index * 500, { requests, failed })
  })
  return why
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

describe('the error rate', () => {
  test('without errors is well', () => {
    expect(looks(new ErrorRate({ requests: 1000, failed: 0 }), times(100, [100, 0]))).toBeUndefined()
  })

  test('that jumps is told with the one before', () => {
    const why = looks(new ErrorRate({ requests: 1000, failed: 2 }), [
      ...times(10, [20, 0] as [number, number]),
      [20, 20],
      [20, 20],
    ])
    expect(why).toMatch(/% of the answers are errors; with the release before it was 0.2 %/)
  })

  test('as high as before is no reason to go back', () => {
    expect(looks(new ErrorRate({ requests: 1000, failed: 300 }), times(100, [10, 3]))).toBeUndefined()
    expect(looks(new ErrorRate({ requests: 1000, failed: 10 }), times(100, [10, 3]))).toBeDefined()
  })

  test('of a few unlucky requests does not count, however small the app is', () => {
    expect(looks(new ErrorRate(undefined), [[1, 1], [1, 1], ...times(50, [1, 0] as [number, number])])).toBeUndefined()
  })

  test('is that of the last seconds: errors of long ago are forgotten', () => {
    const rate = new ErrorRate(undefined)
    expect(looks(rate, [[100, 9], ...times(100, [1, 0] as [number, number]), [100, 9]])).toBeUndefined()
  })

  test('is not that of what was answered before anybody looked', () => {
    const rate = new ErrorRate(undefined)
    expect(rate.add(0, { requests: 100, failed: 90 })).toBeUndefined()
    expect(rate.add(500, { requests: 120, failed: 90 })).toBeUndefined()
    expect(rate.add(1000, { requests: 140, failed: 105 })).toBeDefined()
  })

  test('is not confused by a door that was started again, and by looks far apart', () => {
    const rate = new ErrorRate(undefined)
    expect(rate.add(0, { requests: 1000, failed: 5 })).toBeUndefined()
    expect(rate.add(500, { requests: 3, failed: 0 })).toBeUndefined()
    expect(rate.add(60_000, { requests: 100, failed: 90 })).toBeDefined()
  })
})
