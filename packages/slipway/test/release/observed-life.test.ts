import { expect, test } from 'vitest'
import { ObservedLife, type Moment } from '../../src/release/observed-life.ts'
import type { ContainerState } from '../../src/release/ports.ts'

const wall = 1_700_000_000_000
/** Both clocks go together, but for what somebody does to the one on the wall. */
const at = (monotonic: number, setBy = 0): Moment => ({ monotonic, now: new Date(wall + monotonic + setBy) })

function container(differs: Partial<ContainerState> = {}): ContainerState {
  return {
    id: 'c1',
    name: 'api-1',
    service: 'api',
    status: 'running',
    health: 'none',
    exitCode: 0,
    restarts: 0,
    outOfMemory: false,
    healthOutput: '',
    ...differs,
  }
}

const startedAt = (monotonic: number) => container({ startedAt: new Date(wall + monotonic) })

test('life counts from the start that Docker tells, up to the moment at which it was asked', () => {
  const life = new ObservedLife(1000, 200)
  expect(life.seen([startedAt(700)], at(1050))).toBe(350)
  expect(life.seen([startedAt(700)], at(2700))).toBe(2000)
})

test('of several, the youngest counts', () => {
  expect(new ObservedLife(1000, 200).seen([startedAt(300), startedAt(900)], at(1050))).toBe(150)
})

test('a container that was started again begins anew, also when nobody counts that as a restart', () => {
  const life = new ObservedLife(1000, 200)
  expect(life.seen([startedAt(700)], at(2500))).toBe(1800)
  expect(life.seen([startedAt(2600)], at(2800))).toBe(200)
  expect(life.seen([container({ id: 'c2', startedAt: new Date(wall + 2900) })], at(3000))).toBe(100)
})

test('one that was seen down has lived at most since then', () => {
  const life = new ObservedLife(1000, 200)
  expect(life.seen([container({ status: 'created' })], at(1100))).toBeUndefined()
  expect(life.seen([startedAt(700)], at(1300))).toBe(200)
  expect(life.seen([], at(1400))).toBeUndefined()
  expect(life.seen([startedAt(700)], at(1500))).toBe(100)
})

test.each([
  ['set forward by an hour', 3_600_000, 850],
  ['set back by an hour', -3_600_000, 0],
])('a clock on the wall that was %s neither ages a container nor keeps it young for ever', (_what, set, first) => {
  const life = new ObservedLife(1000, 200)
  expect(life.seen([startedAt(700)], at(1050, set))).toBe(first)
  expect(life.seen([startedAt(700)], at(3050, set))).toBe(first + 2000)
})

test('without a start that is told, what runs at the first look runs since the gate began, and else since it was seen', () => {
  expect(new ObservedLife(1000, 200).seen([container()], at(1050))).toBe(50)
  const life = new ObservedLife(1000, 200)
  life.seen([container({ status: 'created' })], at(1050))
  expect(life.seen([container()], at(1100))).toBe(0)
  expect(life.seen([container()], at(1200))).toBe(100)
})
