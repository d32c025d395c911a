import { describe, expect, test } from 'vitest'
import { serverFor, serversWith } from '../../../../src/cli/remote/several/placed.ts'
import { planOfAll } from '../../../../src/cli/remote/several/plan.ts'
import { statusOfAll } from '../../../../src/cli/remote/several/status.ts'
import type { StatusReport } from '../../../../src/cli/application.ts'
import type { Placement } from '../../../../src/config/model.ts'
import type { Plan, PlannedService } from '../../../../src/release/model.ts'
import { SlipwayError } from '../../../../src/support/errors.ts'
import { placedServer as server } from '../../../config/subject.ts'

const placement: Placement = {
  servers: [server('a', ['api']), server('b', ['api']), server('d', ['db', 'worker'])],
  decides: 'd',
  database: 'db',
}
const there = placement.servers.map(each => ({ server: each }))

describe('where a service is', () => {
  test('all servers, those that run it, or a mistake that names what there is', () => {
    expect(serversWith(undefined, placement, there)).toEqual(there)
    expect(serversWith('api', placement, there).map(each => each.server.name)).toEqual(['a', 'b'])
    expect(() => serversWith('apy', placement, there)).toThrow(
      expect.objectContaining({ code: 'USAGE', why: 'they run api, db, worker' }) as Error,
    )
  })

  test('a command runs on the only one, or on the one that is named', () => {
    const on = (service: string, name?: string) =>
      serverFor({ service, server: name }, 'prod', placement, there).server.name
    expect(on('db')).toBe('d')
    expect(on('api', 'b')).toBe('b')
    expect(() => on('api')).toThrow(
      expect.objectContaining({
        why: 'it runs on a, b',
        next: 'Name one: slipway exec prod api --server a -- …',
      }) as Error,
    )
    expect(() => on('api', 'd')).toThrow('api does not run on "d"')
    expect(() => on('api', '$(touch x)\u001b[2J')).toThrow('api does not run on "$(touch x)\\u001b[2J"')
  })
})

function report(services: StatusReport['services'], change: Partial<StatusReport> = {}): StatusReport {
  return {
    app: 'shop',
    environment: 'prod',
    project: 'shop-prod',
    current: { release: 'r4', version: '1', since: '2026-11-22T10:00:00Z' },
    services,
    edge: { mode: 'address', addresses: ['http://0.0.0.0:3000'], live: 'r4' },
    ...change,
  }
}

const api = { name: 'api', role: 'web' as const, containers: [] }
const worker = { name: 'worker', role: 'worker' as const, containers: [] }
const db = { name: 'db', role: 'state' as const, containers: [] }

describe('the status of several servers', () => {
  const database = { name: 'shop', reachable: true, leftBehind: [] }

  test('is what the deciding one says, with the services of all', () => {
    const all = statusOfAll(placement, [
      { server: server('a', []), report: report([api]) },
      { server: server('b', []), report: report([api], { edge: { mode: 'address', addresses: [], live: 'held' } }) },
      // The image of the migration is there as well.
      { server: server('d', []), report: report([{ ...api, role: 'job' }, worker, db], { database }) },
    ])
    expect(all.database).toEqual(database)
    expect(all.services.map(({ name, server: on, role }) => `${on} ${name} ${role}`)).toEqual([
      'a api web',
      'b api web',
      'd worker worker',
      'd db state',
    ])
    expect(all.edge.addresses).toEqual(['http://0.0.0.0:3000'])
    expect(all.servers).toEqual([
      { server: 'a', host: 'a.example.com', decides: false, release: 'r4', edge: report([]).edge },
      {
        server: 'b',
        host: 'b.example.com',
        decides: false,
        release: 'r4',
        edge: { mode: 'address', addresses: [], live: 'held' },
      },
      { server: 'd', host: 'd.example.com', decides: true, release: 'r4' },
    ])
  })

  test('has what is wrong anywhere, and where', () => {
    const ill = { alert: { problems: ['api does not answer'], told: 'down' as const } }
    const all = statusOfAll(placement, [
      { server: server('a', []), report: report([api], ill) },
      { server: server('b', []), error: new SlipwayError('SERVER_UNREACHABLE', 'no answer') },
      { server: server('d', []), report: report([db], { alert: { problems: [] } }) },
    ])
    expect(all.alert).toEqual({ problems: ['a: api does not answer', 'b: no answer'], told: 'down' })
  })

  test('is told without those that do not answer, but not without any', () => {
    const away = new SlipwayError('SERVER_UNREACHABLE', 'The server d can not be reached')
    const all = statusOfAll(placement, [
      { server: server('a', []), report: report([api]) },
      { server: server('d', []), error: away },
    ])
    expect(all.servers?.[1]).toEqual({
      server: 'd',
      host: 'd.example.com',
      decides: true,
      unreachable: 'The server d can not be reached',
    })
    expect(() => statusOfAll(placement, [{ server: server('d', []), error: away }])).toThrow(away)
  })
})

describe('the plan of several servers', () => {
  const plan = (services: PlannedService[], state: Plan['state'] = 'same'): Plan =>
    ({ services, state, steps: [], version: '1' }) as unknown as Plan

  test('has a line a service, with where it runs, and the change that is the most', () => {
    const all = planOfAll(
      placement,
      new Map([
        ['a', plan([{ name: 'api', role: 'web', change: 'same' }])],
        ['b', plan([{ name: 'api', role: 'web', change: 'new' }], 'first')],
        [
          'd',
          plan([
            { name: 'api', role: 'job', change: 'changed' },
            { name: 'db', role: 'state', change: 'same' },
            { name: 'worker', role: 'worker', change: 'changed' },
          ]),
        ],
      ]),
    )
    expect(all.services).toEqual([
      { name: 'api', role: 'web', change: 'new', servers: ['a', 'b'] },
      { name: 'db', role: 'state', change: 'same', servers: ['d'] },
      { name: 'worker', role: 'worker', change: 'changed', servers: ['d'] },
    ])
    expect(all.state).toBe('same')
  })

  test('has the change of a state service wherever it is', () => {
    expect(
      planOfAll(
        placement,
        new Map([
          ['a', plan([], 'changed')],
          ['d', plan([])],
        ]),
      ).state,
    ).toBe('changed')
  })
})
