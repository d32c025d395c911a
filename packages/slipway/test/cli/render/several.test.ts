import { expect, test } from 'vitest'
import type { StatusReport } from '../../../src/cli/application.ts'
import { GithubRenderer } from '../../../src/cli/render/github.ts'
import { harmlessValue } from '../../../src/cli/render/harmless.ts'
import { PlainRenderer } from '../../../src/cli/render/plain.ts'
import { screenOf } from '../../../src/cli/render/screen.ts'
import { statusText } from '../../../src/cli/render/status.ts'
import { emptyStory } from '../../../src/cli/render/story.ts'
import { deploymentSummary } from '../../../src/cli/render/summary.ts'
import { TerminalRenderer } from '../../../src/cli/render/terminal.ts'
import type { Event, EventBody } from '../../../src/release/events.ts'
import { Terminal } from '../fixtures/terminal.ts'
import { record } from '../remote/several/members.ts'

const still = { now: () => 0, every: () => () => undefined }
const on = (server: string, ...bodies: EventBody[]): Event[] =>
  bodies.map(body => ({ at: '2026-11-22T10:00:00Z', on: { server, decides: server === 'data' }, ...body }))

const failure = {
  code: 'GATE_FAILED',
  message: 'web is not healthy',
  why: 'it ended with code 1',
  output: ['TypeError: x is not a function'],
}
const begun: EventBody[] = [
  { type: 'deployment-started', id: 'd3', kind: 'deploy', app: 'shop', environment: 'prod', by: 'anna', pid: 1 },
]
const finished = (outcome: 'deployed' | 'rolled-back', serving: string): EventBody => ({
  type: 'deployment-finished',
  id: 'd3',
  outcome,
  seconds: 2,
  serving,
})
const underWay = [
  ...on('data', ...begun, { type: 'step-started', step: 'gate', does: 'wait until r4 is healthy' }),
  ...on('app-1', ...begun, { type: 'step-started', step: 'start', does: 'start r4 beside r3' }),
  ...on(
    'app-2',
    ...begun,
    { type: 'step-started', step: 'gate', does: 'wait' },
    { type: 'step-note', step: 'gate', text: 'web does not answer yet' },
  ),
]
const bad = [
  ...underWay,
  ...on('app-2', { type: 'step-failed', step: 'gate', seconds: 1.5, failure }),
  ...on('data', {
    type: 'step-failed',
    step: 'gate',
    seconds: 1.6,
    failure: {
      code: 'ELSEWHERE_FAILED',
      message: 'The server app-2 could not go on',
      why: 'web is not healthy',
      output: [],
    },
  }),
  ...on('app-1', {
    type: 'step-failed',
    step: 'start',
    seconds: 1.6,
    failure: { code: 'ELSEWHERE_FAILED', message: 'All servers go back', output: [] },
  }),
  ...on('data', finished('rolled-back', 'r3 serves')),
  ...on('app-1', finished('rolled-back', 'r3 serves')),
  ...on('app-2', finished('rolled-back', 'r3 serves')),
]

function shown(events: readonly Event[], columns: number, end = false): string[] {
  const terminal = new Terminal(columns)
  const renderer = new TerminalRenderer(terminal.screen(), still)
  for (const event of events) renderer.event(harmlessValue(event))
  if (end) renderer.end()
  return terminal.text().split('\n')
}

test('while it runs, each other server has a line below the step under way', () => {
  expect(shown(underWay, 80).slice(-3)).toEqual([
    expect.stringMatching(/^ {2}. gate {11}0\.0 s {2}wait until r4 is healthy$/),
    '    app-1  start      start r4 beside r3',
    '    app-2  gate       web does not answer yet',
  ])
})

test('in a narrow window no line is wider than it', () => {
  for (const columns of [20, 30, 40]) {
    for (const line of shown(underWay, columns).slice(-3)) expect(line.length).toBeLessThan(columns)
  }
  expect(shown(underWay, 30).slice(-3)).toEqual([
    expect.stringMatching(/^ {2}. gate {6}0\.0 s$/),
    '    app-1  start  start r4 b…',
    '    app-2  gate  web does no…',
  ])
})

test('what fails on another server stays, and its cause stands last', () => {
  const lines = shown(bad, 80, true)
  expect(lines).toContain('  ✗ gate           1.5 s  app-2: web is not healthy')
  const text = lines.join('\n')
  expect(text.match(/✗ app-2: gate failed: web is not healthy {2}GATE_FAILED/g)?.length).toBe(1)
  expect(text).toContain('│ TypeError: x is not a function')
  expect(text).not.toContain('app-1: start failed')
  expect(text.indexOf('The server app-2 could not go on')).toBeLessThan(text.indexOf('TypeError'))
})

test('a recovery elsewhere is told', () => {
  const events = on('app-1', { type: 'recovering', id: 'd2', towards: 'old' }, {
    ...finished('rolled-back', 'r3 serves'),
    id: 'd2',
  } as EventBody)
  expect(shown(events, 80, true)).toEqual(
    expect.arrayContaining([
      '  app-1: d2 was cut off: going to the old release',
      '  app-1: d2 is at its end: r3 serves',
    ]),
  )
})

test('a name from elsewhere does nothing to a terminal', () => {
  const hostile = on('\u001b[2Jx\nroot$ ', { type: 'step-failed', step: 'gate', seconds: 1, failure })
  const terminal = new Terminal(80)
  const renderer = new TerminalRenderer(terminal.screen(), still)
  for (const event of hostile) renderer.event(harmlessValue(event))
  renderer.end()
  expect(terminal.written).not.toContain('\u001b[2J')
})

test('in a file every line says which server', () => {
  let text = ''
  const renderer = new PlainRenderer(screenOf({ write: part => void (text += part) }, {}, false))
  for (const event of bad) renderer.event(event)
  expect(text.split('\n').slice(0, 4)).toEqual([
    '2026-11-22T10:00:00Z data     deploy    started  d3 of shop prod by anna',
    '2026-11-22T10:00:00Z data     gate      started  wait until r4 is healthy',
    '2026-11-22T10:00:00Z app-1    deploy    started  d3 of shop prod by anna',
    '2026-11-22T10:00:00Z app-1    start     started  start r4 beside r3',
  ])
})

test('on GitHub the groups are the deciding server’s, and each cause is an annotation once', () => {
  let text = ''
  const renderer = new GithubRenderer(screenOf({ write: part => void (text += part) }, {}, false), {
    GITHUB_ACTIONS: 'true',
  })
  for (const event of bad) renderer.event(harmlessValue(event))
  renderer.end()
  expect(text.match(/::group::/g)?.length).toBe(1)
  expect(text).toContain('  app-2    gate      failed')
  expect(text.split('\n').filter(line => line.startsWith('::error'))).toEqual([
    '::error title=GATE_FAILED::app-2: web is not healthy%0Ait ended with code 1',
    '::error title=ELSEWHERE_FAILED::The server app-2 could not go on%0Aweb is not healthy',
  ])
})

const summary = (change: object): string =>
  deploymentSummary(
    { ...record, ...change },
    { app: 'shop', environment: 'prod' },
    emptyStory(),
    new Terminal(100).screen({ NO_COLOR: '1' }),
  )

test('the result names the servers, in one line when they are alike', () => {
  const server = (name: string, more: object = {}) => ({
    server: name,
    decides: name === 'data',
    outcome: 'deployed',
    release: 'r4',
    ...more,
  })
  expect(summary({ servers: [server('data'), server('app-1')] })).toContain('  servers   data (decides), app-1\n')
  const apart = summary({
    servers: [server('data'), server('app-1', { outcome: undefined, release: undefined, why: 'no answer' })],
  })
  expect(apart).toContain('  servers   data: deployed r4\n            app-1: not known (no answer)\n')
})

const status: StatusReport = {
  app: 'shop',
  environment: 'prod',
  project: 'shop-prod',
  current: { release: 'r4', version: '1', since: '2026-11-22T09:00:00Z' },
  services: [
    { name: 'api', server: 'app-1', role: 'web', containers: [] },
    {
      name: 'db',
      server: 'data',
      role: 'state',
      containers: [{ name: 'db', status: 'running', health: 'healthy', restarts: 0, exitCode: 0, outOfMemory: false }],
    },
  ],
  edge: { mode: 'address', addresses: ['http://0.0.0.0:3000'], live: 'r4' },
  servers: [
    {
      server: 'app-1',
      host: '203.0.113.1',
      decides: false,
      release: 'r4',
      edge: { mode: 'address', addresses: [], live: 'held' },
    },
    { server: 'app-2', host: '203.0.113.2', decides: false, unreachable: 'The server app-2 can not be reached' },
    {
      server: 'app-3',
      host: '203.0.113.3',
      decides: false,
      release: 'r3',
      edge: { mode: 'address', addresses: [], live: 'r2' },
    },
    { server: 'data', host: '203.0.113.4', decides: true, release: 'r4' },
  ],
}

test('the status shows each server, and what must not be overlooked', () => {
  const lines = statusText(status, new Date('2026-11-22T10:00:00Z'), new Terminal(100).screen({ NO_COLOR: '1' })).split(
    '\n',
  )
  expect(lines.filter(line => line.startsWith('  !'))).toEqual([
    '  ! the edge of app-1 holds requests: they wait',
    '  ! app-2: The server app-2 can not be reached',
    '  ! app-3 has r3, not r4',
    '  ! the edge of app-3 sends requests to r2, not to r3',
    '  ! not well: api on app-1; see: slipway logs prod api',
  ])
  const table = lines.slice(lines.findIndex(line => line.startsWith('  SERVER')))
  expect(table).toEqual([
    '  SERVER  HOST         RELEASE    EDGE   ROLE',
    '  app-1   203.0.113.1  r4         holds',
    '  app-2   203.0.113.2  no answer',
    '  app-3   203.0.113.3  r3         r2',
    '  data    203.0.113.4  r4                decides',
    '',
    '  SERVER  SERVICE  ROLE   STATE         CONTAINERS',
    '  app-1   api      web    no container',
    '  data    db       state  healthy       1 container',
    '',
  ])
})
