import { afterEach, expect, test } from 'vitest'
import { asksToEnd, Watch, type Watched } from '../../../src/cli/remote/watch.ts'
import type { Event } from '../../../src/release/events.ts'
import type { DeploymentRecord } from '../../../src/release/model.ts'
import { SlipwayError } from '../../../src/support/errors.ts'

const record: Partial<DeploymentRecord> = { id: 'd1', outcome: 'deployed' }
const lost = new SlipwayError('SERVER_LOST', 'gone')
const server = { name: 'vps', host: 'h', user: 'deploy', port: 22, home: '/var/lib/slipway' }
const note = (text: string): Event => ({ at: '', type: 'step-note', step: 'fetch', text })
type Asker = Parameters<Watch['toEnd']>[0]
type Told = (value: { run: string; number: number; event: Event }) => void

/** Answers each follow in turn: what it tells, and how it ends. */
function session(from: (number | undefined)[], answers: ((told: Told) => unknown)[]): Asker {
  return {
    async ask(_call: string, sent: { from: number }, options: { told: Told }) {
      from.push(sent.from)
      const answer = answers.shift()?.(options.told)
      if (answer instanceof Error) throw answer
      return answer
    },
  } as unknown as Asker
}

function watched(change: Partial<Watched> = {}): Watched {
  return {
    run: 'r',
    signal: new AbortController().signal,
    environment: 'prod',
    server,
    note: () => undefined,
    pauseMs: 1,
    reconnect: () => Promise.reject(lost),
    ...change,
  }
}

const terminal = process.stdin.isTTY
afterEach(() => void (process.stdin.isTTY = terminal))

test('over lost connections every event is told once, in order', async () => {
  const from: number[] = []
  const heard: string[] = []
  const one = session(from, [
    told => {
      told({ run: 'r', number: 0, event: note('0') })
      told({ run: 'r', number: 1, event: note('1') })
      return lost
    },
  ])
  let tries = 0
  const again = session(from, [
    told => {
      told({ run: 'r', number: 1, event: note('1') })
      told({ run: 'r', number: 2, event: note('2') })
      return { run: 'r', ended: { record } }
    },
  ])
  const reconnect = async () => {
    tries += 1
    if (tries < 3) throw new SlipwayError('SERVER_UNREACHABLE', 'not yet')
    return again
  }
  const ended = await new Watch(watched({ reconnect })).toEnd(one, event => {
    if (event.type === 'step-note') heard.push(event.text)
  })
  expect(ended).toBe(record)
  expect(heard).toEqual(['0', '1', '2'])
  expect(from).toEqual([0, 2])
  expect(tries).toBe(3)
})

test('the patience with a server that is gone begins when it goes, not when it last told something', async () => {
  const from: number[] = []
  // A build that tells nothing for longer than one is patient.
  const silent = () => new Promise(resolve => setTimeout(resolve, 80)).then(() => Promise.reject(lost))
  const again = session(from, [() => ({ run: 'r', ended: { record } })])
  const watch = new Watch(watched({ patienceMs: 40, reconnect: () => Promise.resolve(again) }))
  expect(await watch.toEnd(session(from, [silent]), () => undefined)).toBe(record)
})

test('one that stays away is given up', async () => {
  const watch = new Watch(watched({ patienceMs: 40 }))
  await expect(watch.toEnd(session([], [() => lost]), () => undefined)).rejects.toMatchObject({
    code: 'SERVER_LOST',
    state: 'the deployment goes on there, or has ended',
    next: 'slipway attach prod',
  })
})

test('a server that does not let us in any more is not asked again and again', async () => {
  const refused = new SlipwayError('HOST_KEY_CHANGED', 'another')
  const watch = new Watch(watched({ reconnect: () => Promise.reject(refused) }))
  await expect(watch.toEnd(session([], [() => lost]), () => undefined)).rejects.toBe(refused)
})

test('how it failed there is how it fails here', async () => {
  const error = { code: 'LOCKED', message: 'm', why: 'alice@laptop since then', output: [], problems: [] }
  const ended = new Watch(watched()).toEnd(session([], [() => ({ run: 'r', ended: { error } })]), () => undefined)
  await expect(ended).rejects.toMatchObject({ code: 'LOCKED', exitCode: 5, why: 'alice@laptop since then' })
})

test.each<[string, unknown, string]>([
  ['a runner that is gone', { run: 'r', died: true }, 'RUNNER_FAILED'],
  ['nothing to follow', null, 'NO_RELEASE'],
])('%s', async (_what, answer, code) => {
  const watch = new Watch(watched())
  await expect(watch.toEnd(session([], [() => answer]), () => undefined)).rejects.toMatchObject({ code })
})

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'])('a job that gets %s leaves, and the deployment goes on', async name => {
  process.stdin.isTTY = name === 'SIGHUP'
  const interrupt = new AbortController()
  const asked: string[] = []
  const endless: Asker = { ask: (call: string) => (asked.push(call), new Promise(() => undefined)) } as unknown as Asker
  const ended = new Watch(watched({ signal: interrupt.signal })).toEnd(endless, () => undefined)
  interrupt.abort(name)
  await expect(ended).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130, next: 'slipway attach prod' })
  expect(asked).toEqual(['follow'])
})

test('Ctrl-C in a terminal asks the deployment to end, and is told how it did', async () => {
  process.stdin.isTTY = true
  const interrupt = new AbortController()
  let end: (answer: unknown) => void = () => undefined
  const asker = {
    ask: (call: string) =>
      call === 'follow'
        ? new Promise(resolve => (end = resolve))
        : (end({ run: 'r', ended: { record } }), Promise.resolve(null)),
  } as unknown as Asker
  const ended = new Watch(watched({ signal: interrupt.signal })).toEnd(asker, () => undefined)
  interrupt.abort('SIGINT')
  expect(asksToEnd(interrupt.signal)).toBe(true)
  expect(await ended).toBe(record)
})

test('a runner that follows another one is not asked to end by itself', async () => {
  process.stdin.isTTY = true
  const interrupt = new AbortController()
  const asked: string[] = []
  let end: (answer: unknown) => void = () => undefined
  const asker = {
    ask: (call: string) => (asked.push(call), new Promise(resolve => (end = resolve))),
  } as unknown as Asker
  const ended = new Watch(watched({ signal: interrupt.signal, mayEnd: false })).toEnd(asker, () => undefined)
  interrupt.abort('SIGINT')
  end({ run: 'r', ended: { record } })
  expect(await ended).toBe(record)
  expect(asked).toEqual(['follow'])
})
