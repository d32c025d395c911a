import { expect, test } from 'vitest'
import { carryOutTogether, followTogether } from '../../../../src/cli/remote/several/carry-out.ts'
import type { Event } from '../../../../src/release/events.ts'
import { SlipwayError } from '../../../../src/support/errors.ts'
import { key, PlayedMember, settle } from './members.ts'

function members() {
  const decides = new PlayedMember('d')
  const [a, b] = [new PlayedMember('a'), new PlayedMember('b')]
  const told: Event[] = []
  return { decides, a, b, all: { decides, followers: [a, b] }, told, emit: (event: Event) => void told.push(event) }
}

test('the others are started when the one that decides has named the deployment, and by that name', async () => {
  const { decides, a, b, all, emit } = members()
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  expect([decides.orders, a.orders, b.orders]).toEqual([[{ act: 'deploy' }], [], []])
  decides.begin()
  await settle()
  expect(a.orders).toEqual([{ act: 'deploy', agreementKey: key }])
  expect(b.orders).toEqual(a.orders)
  for (const member of [decides, a, b]) member.end({})
  expect(await ending).toMatchObject({
    id: 'd3',
    outcome: 'deployed',
    servers: [
      { server: 'd', decides: true, outcome: 'deployed', release: 'r4' },
      { server: 'a', decides: false, outcome: 'deployed', release: 'r4' },
      { server: 'b', decides: false, outcome: 'deployed', release: 'r4' },
    ],
  })
})

test('every event says where it happened', async () => {
  const { decides, a, b, all, told, emit } = members()
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  decides.begin()
  await settle()
  a.begin()
  for (const member of [decides, a, b]) member.end({})
  await ending
  expect(told.map(({ on }) => on)).toEqual([
    ...Array.from({ length: 3 }, () => ({ server: 'd', decides: true })),
    ...Array.from({ length: 3 }, () => ({ server: 'a', decides: false })),
  ])
})

test('where the one that decides can not begin nothing else is started', async () => {
  const { decides, a, all, emit } = members()
  const locked = new SlipwayError('LOCKED', 'somebody deploys')
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  decides.end(locked)
  await expect(ending).rejects.toBe(locked)
  expect([a.orders, a.followed]).toEqual([[], []])
})

test('a rollback goes to one release everywhere: the one that the deciding server has found', async () => {
  const { decides, a, b, all, emit } = members()
  const ending = carryOutTogether(all, { act: 'rollback', rollback: { data: 'keep' } }, emit)
  await settle()
  decides.begin(key, 'r3')
  await settle()
  expect(a.orders).toEqual([{ act: 'rollback', agreementKey: key, rollback: { data: 'keep', release: 'r3' } }])
  for (const member of [decides, a, b]) member.end({})
  await ending
})

test('a server that can not begin ends it for all at once, and is told as the cause', async () => {
  const { decides, a, b, all, emit } = members()
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  decides.begin()
  await settle()
  a.end(new SlipwayError('DISK_FULL', 'No space', { next: 'Free some.' }))
  await settle()
  expect(decides.interrupted).toEqual(['run-d'])
  decides.end({ outcome: 'failed', failure: { step: 'fetch', code: 'INTERRUPTED', message: 'Interrupted' } })
  b.end({ outcome: 'failed' })
  await expect(ending).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: 'a: No space',
    state: 'nothing was changed on any server',
    next: 'Free some.',
  })
})

test('so does one that does not take its order', async () => {
  const { decides, a, b, all, emit } = members()
  a.refusesOrder = new SlipwayError('RUNNER_FAILED', 'no runner')
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  decides.begin()
  await settle()
  expect(decides.interrupted).toEqual(['run-d'])
  decides.end({ outcome: 'failed' })
  b.end({ outcome: 'failed' })
  await expect(ending).rejects.toMatchObject({ code: 'RUNNER_FAILED', message: 'a: no runner' })
})

test('a server that has begun and fails ends nothing here: the one that decides hears of it', async () => {
  const { decides, a, b, all, emit } = members()
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  decides.begin()
  await settle()
  a.begin()
  a.end(new SlipwayError('RUNNER_FAILED', 'it is gone'))
  await settle()
  expect(decides.interrupted).toEqual([])
  decides.end({})
  b.end({})
  const record = await ending
  expect(record.outcome).toBe('deployed')
  expect(record.doubt).toBe('a: how it ended there is not known (it is gone)')
})

test('a connection that is gone ends nothing there', async () => {
  const { decides, a, b, all, emit } = members()
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  decides.begin()
  await settle()
  a.end(new SlipwayError('SERVER_LOST', 'no connection'))
  b.end({})
  await settle()
  expect(decides.interrupted).toEqual([])
  decides.end({})
  expect((await ending).doubt).toMatch(/^a: how it ended there is not known/)
})

test.each([
  ['rolled-back', 'failed', 'rolled-back'],
  ['failed', 'needs-person', 'needs-person'],
  ['rolled-back', 'needs-person', 'needs-person'],
  ['failed', 'failed', 'failed'],
] as const)('%s there and %s elsewhere is %s', async (here, there, all) => {
  const played = members()
  const ending = carryOutTogether(played.all, { act: 'deploy' }, played.emit)
  await settle()
  played.decides.begin()
  await settle()
  played.decides.end({ outcome: here })
  played.a.end({ outcome: there })
  played.b.end({ outcome: here })
  expect((await ending).outcome).toBe(all)
})

test('a server that is not where the others are makes a doubt of a success', async () => {
  const { decides, a, b, all, emit } = members()
  const ending = carryOutTogether(all, { act: 'deploy' }, emit)
  await settle()
  decides.begin()
  await settle()
  decides.end({ doubt: 'b is silent' })
  a.end({ outcome: 'needs-person', failure: { step: 'switch', code: 'X', message: 'the link can not be set' } })
  b.end({})
  expect(await ending).toMatchObject({
    outcome: 'deployed',
    doubt: 'b is silent\na: it ended there as needs-person (the link can not be set)',
  })
})

test('who attaches hears of the newest deployment, and of no other', async () => {
  const { decides, a, b, all, told, emit } = members()
  const ending = followTogether(all, emit)
  await settle()
  expect([decides.followed, a.followed]).toEqual([[undefined], []])
  decides.begin()
  await settle()
  a.begin()
  b.begin('d2@2026-11-21T10:00:00.000Z')
  b.tell({ type: 'step-note', step: 'gate', text: 'of yesterday' })
  for (const member of [decides, a, b]) member.end({})
  const record = await ending
  expect(record.servers?.map(({ server }) => server)).toEqual(['d', 'a'])
  expect(told.map(({ on }) => on?.server)).toEqual(['d', 'd', 'd', 'a', 'a', 'a'])
})
