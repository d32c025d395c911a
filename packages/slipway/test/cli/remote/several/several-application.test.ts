import { expect, test, vi } from 'vitest'
import type { RemoteServer } from '../../../../src/cli/remote/remote-server.ts'
import { SeveralApplication } from '../../../../src/cli/remote/several/several-application.ts'
import type { Event } from '../../../../src/release/events.ts'
import type { Placement } from '../../../../src/config/model.ts'
import type { Promotion } from '../../../../src/release/promotion.ts'
import { SlipwayError } from '../../../../src/support/errors.ts'
import { environmentConfig } from '../../../config/subject.ts'
import { key, record } from './members.ts'

type Answers = Record<string, (sent: Record<string, unknown>, told?: (value: unknown) => void) => unknown>

/** A server that answers calls as a test says, and remembers them. */
class PlayedServer {
  readonly server
  readonly asked: [string, unknown][] = []
  commit: string | undefined
  unreachable: SlipwayError | undefined
  closed = false
  readonly #answers: Answers
  readonly #log: string[]

  constructor(name: string, answers: Answers, log: string[]) {
    this.server = { name, host: `${name}.example.com` }
    this.#answers = answers
    this.#log = log
  }

  connected = () => this.#session()
  opened = () => this.#session()
  forRollback = () => this.#session()
  forDeployment = () => this.#session()
  withCode = (wanted: { commit?: string }) => {
    this.#log.push(`${this.server.name} code ${wanted.commit ?? 'newest'}`)
    return this.#session()
  }
  renamed = <T>(work: () => Promise<T>) => work()
  start = async (_session: unknown, order: unknown, signal: AbortSignal) => {
    if (signal.aborted) throw new SlipwayError('INTERRUPTED', 'Interrupted')
    this.#log.push(`${this.server.name} start`)
    this.asked.push(['start', order])
    return `run-${this.server.name}`
  }
  follow = async (
    _session: unknown,
    _run: unknown,
    _signal: unknown,
    emit: (event: Event) => void,
    options: { mayEnd: boolean },
  ) => {
    this.asked.push(['follow', options])
    emit({ at: '', type: 'step-fact', step: 'lock', facts: { agreement: { role: 'decides', key } } })
    return record
  }
  close = async () => void (this.closed = true)

  async #session() {
    if (this.unreachable !== undefined) throw this.unreachable
    return {
      ask: async (call: string, sent: Record<string, unknown>, options?: { told?: (value: unknown) => void }) => {
        this.asked.push([call, sent])
        return this.#answers[call]?.(sent, options?.told)
      },
      attach: async (argv: readonly string[]) => {
        this.#log.push(`${this.server.name} ${argv.join(' ')}`)
        return 7
      },
    }
  }
}

const placement = {
  servers: [
    { name: 'a', services: ['api'] },
    { name: 'b', services: ['api'] },
    { name: 'd', services: ['db'] },
  ],
  decides: 'd',
  database: 'db',
} as unknown as Placement

function several(answers: Answers = {}, change: object = {}) {
  const log: string[] = []
  const notes: string[] = []
  const servers = placement.servers.map(({ name }) => new PlayedServer(name, answers, log))
  const [a, b, d] = servers as [PlayedServer, PlayedServer, PlayedServer]
  const application = new SeveralApplication({
    config: environmentConfig({ placement, ...change }),
    placement,
    servers: servers as unknown as RemoteServer[],
    note: text => void notes.push(text),
    introduce: async sessions => void log.push(`introduced ${[...sessions.keys()].join(' ')}`),
  })
  return { application, a, b, d, log, notes }
}

const { signal } = new AbortController()
const away = (name: string) => new SlipwayError('SERVER_UNREACHABLE', `The server ${name} can not be reached`)

test('all are connected and know each other before anything is started; the one that decides comes first', async () => {
  const { application, a, b, d, log } = several()
  const carried = await application.deploy({ signal }, () => undefined)
  expect(log).toEqual(['introduced a b d', 'd start', 'a start', 'b start'])
  expect(carried.servers?.map(({ server }) => server)).toEqual(['d', 'a', 'b'])
  // Ctrl-C asks one of them to end: the others hear of it from there.
  expect([a, b, d].map(({ asked }) => asked.find(([call]) => call === 'follow')?.[1])).toEqual([
    { mayEnd: false },
    { mayEnd: false },
    { mayEnd: true },
  ])
})

test.each(['deploy', 'rollback'] as const)('%s starts nothing anywhere when one can not be reached', async act => {
  const { application, a, b, log } = several()
  a.unreachable = away('a')
  b.unreachable = away('b')
  await expect(application[act]({ signal }, () => undefined)).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: 'The server a can not be reached',
    why: 'b: The server b can not be reached',
    state: 'nothing was started on any server',
  })
  expect(log).toEqual([])
})

test('nor after Ctrl-C', async () => {
  const aborted = new AbortController()
  aborted.abort('SIGINT')
  const { application, log } = several()
  await expect(application.deploy({ signal: aborted.signal }, () => undefined)).rejects.toMatchObject({
    code: 'INTERRUPTED',
  })
  expect(log).toEqual(['introduced a b d'])
})

test('code from Git is the same commit everywhere', async () => {
  const plan = () => ({ services: [], steps: [], state: 'same' })
  const { application, d, log } = several(
    { plan },
    { source: { kind: 'git', branch: 'main', remote: 'origin', repository: 'git@x:y.git' } },
  )
  d.commit = 'c'.repeat(40)
  await application.plan({ signal, rehearse: true, note: () => undefined })
  expect(log).toEqual(['d code newest', `a code ${'c'.repeat(40)}`, `b code ${'c'.repeat(40)}`])
})

test('the rehearsal is made where the database is', async () => {
  const { application, a, d } = several({ plan: () => ({ services: [], steps: [], state: 'same' }) })
  await application.plan({ signal, rehearse: true, note: () => undefined })
  expect([a.asked, d.asked]).toEqual([[['plan', { rehearse: false }]], [['plan', { rehearse: true }]]])
})

test('status tells of those that answer', async () => {
  const report = (name: string) => ({ app: 'shop', services: [], edge: { mode: 'none', addresses: [] }, project: name })
  const { application, a } = several({ status: () => report('x') })
  a.unreachable = away('a')
  expect((await application.status()).servers).toMatchObject([
    { server: 'a', unreachable: 'The server a can not be reached' },
    { server: 'b' },
    { server: 'd', decides: true },
  ])
})

test('what was cut off is ended everywhere at once; a server that is away is told of, or is a failure when it was meant', async () => {
  const resume = (_sent: unknown, told?: (value: unknown) => void) => {
    told?.({ at: '', type: 'recovering', id: 'd2', towards: 'old' })
    return record
  }
  const { application, a, notes } = several({ resume })
  const told: Event[] = []
  expect(await application.resume({ signal }, event => void told.push(event))).toBe(record)
  expect(told.map(({ on }) => `${on?.server} ${on?.decides}`).toSorted()).toEqual(['a false', 'b false', 'd true'])
  a.unreachable = away('a')
  expect(await application.resume({ signal }, () => undefined)).toBe(record)
  expect(notes).toEqual(['a can not be reached: what was cut off there is ended when it is back'])
  await expect(application.resume({ signal, everywhere: true }, () => undefined)).rejects.toBe(a.unreachable)
})

test('a server that decides and is away is a failure: nothing can be ended without it', async () => {
  const { application, d } = several({ resume: () => null })
  expect(await application.resume({ signal }, () => undefined)).toBeUndefined()
  d.unreachable = away('d')
  await expect(application.resume({ signal }, () => undefined)).rejects.toBe(d.unreachable)
})

test('lines of logs say where they are from; only servers that run the service are asked', async () => {
  const logs = (_sent: unknown, told?: (value: unknown) => void) => {
    told?.({ service: 'api', text: 'well' })
    return 0
  }
  const { application, d } = several({ logs })
  const lines: unknown[] = []
  const request = { signal, follow: false, lines: 1 }
  expect(await application.logs({ ...request, service: 'api' }, line => lines.push(line))).toBe(0)
  expect(lines).toEqual([
    { server: 'a', service: 'api', text: 'well' },
    { server: 'b', service: 'api', text: 'well' },
  ])
  expect(d.asked).toEqual([])
  await application.logs(request, line => lines.push(line))
  expect(lines.length).toBe(5)
})

test('a command runs on one server, and the words reach it as they are', async () => {
  const { application, log } = several({ container: () => ({ id: '0123' }) })
  const wanted = { service: 'api', server: 'b', command: ['sh', '-c', '$(touch x)'], terminal: false }
  expect(await application.exec(wanted, vi.fn())).toBe(7)
  expect(log).toEqual(['b docker exec --interactive 0123 sh -c $(touch x)'])
})

test('the backup and the history are the deciding one’s', async () => {
  const { application, a, d } = several({ backup: () => ({ file: 'x' }), history: () => [record] })
  expect(await application.backup({ signal, note: () => undefined })).toEqual({ file: 'x' })
  expect(await application.history()).toEqual([record])
  expect([a.asked.length, d.asked.length]).toEqual([0, 2])
})

test('who attaches sees the one that decides, whoever else is away', async () => {
  const { application, a, d, notes } = several()
  a.unreachable = away('a')
  const carried = await application.attach({ signal }, () => undefined)
  expect(carried.servers?.map(({ server }) => server)).toEqual(['d', 'b'])
  expect(notes).toEqual(['a can not be reached: how it ends there is not shown'])
  d.unreachable = away('d')
  await expect(application.attach({ signal }, () => undefined)).rejects.toBe(d.unreachable)
})

test('a promotion goes to all of them', async () => {
  const promotion = { from: 'staging', images: { api: 'ghcr.io/api@sha256:00' } } as unknown as Promotion
  const { application, a, b, d } = several({ plan: () => ({ services: [], steps: [], state: 'same' }) })
  await application.plan({ signal, rehearse: false, promotion, note: () => undefined })
  await application.deploy({ signal, promotion }, () => undefined)
  for (const { asked } of [a, b, d]) {
    expect(asked.filter(([call]) => call !== 'follow').map(([, sent]) => sent)).toEqual([
      expect.objectContaining({ promotion }),
      expect.objectContaining({ promotion }),
    ])
  }
})

test('what is promoted from there has been seen on all of them', async () => {
  const promotion = { from: 'prod', release: 'r2', version: 'x', images: {}, documents: {} }
  const { application, a } = several({ proven: () => ({ promotion, proof: ['well'] }) })
  expect(await application.proven()).toEqual({ promotion, proof: ['a: well', 'b: well', 'd: well'] })
  a.unreachable = away('a')
  await expect(application.proven()).rejects.toBe(a.unreachable)
})

test('every connection is closed', async () => {
  const { application, a, b, d } = several()
  await application.close()
  expect([a, b, d].every(({ closed }) => closed)).toBe(true)
})
