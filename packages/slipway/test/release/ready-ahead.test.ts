import { expect, test } from 'vitest'
import { makeContext, type Context } from '../../src/release/context.ts'
import type { Facts } from '../../src/release/model.ts'
import type { Engine } from '../../src/release/ports.ts'
import { removeReady, withReadyAhead } from '../../src/release/ready-ahead.ts'
import { makeRelease } from './sample-release.ts'
import { makePlan, World } from './world.ts'

function contextWith(makeReady: Engine['makeReady'], facts: Facts = {}): { context: Context; did: string[] } {
  const world = new World()
  const ports = world.ports()
  const did: string[] = []
  const engine: Engine = {
    ...ports.engine,
    ...(makeReady === undefined ? {} : { makeReady }),
    remove: async (_release, how) => void did.push(`remove ${how}`),
  }
  const edge = {
    ...ports.edge,
    openDoor: async () => void did.push('open door'),
    closeDoor: async () => void did.push('close door'),
  }
  const context = makeContext(
    makePlan(world, '2', { kind: 'pending', why: 'new files' }),
    { release: makeRelease('r2', '2'), ...facts },
    { ...ports, engine, edge },
    new Date(0),
    new AbortController().signal,
    async event => void (event.type === 'step-fact' && did.push(`journal ${Object.keys(event.facts).join()}`)),
  )
  return { context, did }
}

test('what is made ahead is in the journal before it is there, and made once', async () => {
  const { context, did } = contextWith(async release => void did.push(`make ${release.id}`))
  await withReadyAhead(context, async begin => {
    begin()
    begin()
  })
  expect(did).toEqual(['journal madeReady', 'make r2', 'open door'])
})

test('nothing is made ahead, and nothing is removed, where nobody had time for it', async () => {
  const { context, did } = contextWith(async () => void did.push('make'))
  await withReadyAhead(context, async () => undefined)
  await removeReady(context)
  expect(did).toEqual([])
})

test('an engine that can not make anything ahead is left alone', async () => {
  const { context, did } = contextWith(undefined)
  await withReadyAhead(context, async begin => begin())
  expect(did).toEqual([])
})

test('what can not be made ahead is no failure, and what is there of it goes', async () => {
  const { context, did } = contextWith(() => Promise.reject(new Error('no space left on device')))
  await expect(withReadyAhead(context, async begin => begin())).resolves.toBeUndefined()
  await removeReady(context)
  expect(did).toEqual(['journal madeReady', 'remove at-once', 'close door'])
})

test('who waits for its end waits for all of it', async () => {
  let end: (() => void) | undefined
  const { context, did } = contextWith(() => new Promise(resolve => (end = resolve)))
  const failing = withReadyAhead(context, async begin => {
    begin()
    throw new Error('the rehearsal failed')
  })
  const ended = expect(failing)
    .rejects.toThrow('the rehearsal failed')
    .then(() => did.push('ended'))
  await new Promise(resolve => setTimeout(resolve, 5))
  expect(did).toEqual(['journal madeReady'])
  end?.()
  await ended
  expect(did).toEqual(['journal madeReady', 'open door', 'ended'])
})
