import { describe, expect, test } from 'vitest'
import { harmlessValue } from '../../../src/cli/render/harmless.ts'
import { TerminalRenderer } from '../../../src/cli/render/terminal.ts'
import type { Timer } from '../../../src/cli/render/timer.ts'
import type { Event } from '../../../src/release/events.ts'
import { badGate } from '../fixtures/bad-gate.ts'
import { goodDeployment } from '../fixtures/good-deployment.ts'
import { needsPerson } from '../fixtures/needs-person.ts'
import { recovering } from '../fixtures/recovering.ts'
import { Terminal } from '../fixtures/terminal.ts'

class StillTimer implements Timer {
  time = 0
  tick: () => void = () => {}
  stopped = false
  now = (): number => this.time
  every = (_milliseconds: number, call: () => void): (() => void) => {
    this.tick = call
    return () => {
      this.stopped = true
    }
  }
  pass(milliseconds: number): void {
    this.time += milliseconds
    this.tick()
  }
}

function show(events: readonly Event[], columns = 100): { text: string; terminal: Terminal; timer: StillTimer } {
  const terminal = new Terminal(columns)
  const timer = new StillTimer()
  const renderer = new TerminalRenderer(terminal.screen(), timer)
  for (const event of events) {
    renderer.event(harmlessValue(event))
    timer.pass(130)
    timer.pass(130)
  }
  renderer.end()
  return { text: terminal.text(), terminal, timer }
}

describe('what stays on the terminal', () => {
  test('of a good deployment: one line a step, no notes', () => {
    const { text, timer } = show(goodDeployment.events)
    expect(text.split('\n')).toEqual([
      '',
      '  shop prod  deploy d31 by anna@laptop',
      '  r11 → 4f2a9c1, migration: pending (2 new files in prisma/migrations), data: untouched',
      '',
      '  ✓ lock           0.0 s',
      '  ✓ preflight      0.4 s  1 warning: disk is 81 % full',
      '  ✓ fetch          8.2 s  r12: web and worker built',
      '  ✓ backup         1.9 s  84 MB in pre-deploy-r12.dump, verified',
      '  ✓ rehearse       3.4 s  3 changes, none breaking: r11 lives with them',
      '  – hold                  r11 lives with the new schema',
      '  – state                 databases and caches stay as they are',
      '  ✓ migrate        0.6 s  3 changes',
      '  ✓ start          1.1 s',
      '  ✓ gate           2.4 s  web and worker are healthy',
      '  ✓ switch         0.0 s',
      '  ✓ watch          5.0 s  no restart, no failed request',
      '  ✓ commit         0.0 s',
      '  ✓ prune          0.3 s  r6 and 1 backup',
    ])
    expect(timer.stopped).toBe(true)
  })

  test('of a failure: the way back, then the cause last', () => {
    const lines = show(badGate.events).text.split('\n')
    expect(lines.slice(lines.indexOf('  ✗ gate           1.4 s  r12 did not become healthy')).slice(0, 11)).toEqual([
      '  ✗ gate           1.4 s  r12 did not become healthy',
      '  ↩ start          0.8 s  remove r12',
      '  ↩ migrate        0.3 s  swap the snapshot back',
      '  ↩ hold           0.1 s  let the requests that waited go to r11',
      '  ↩ lock           0.0 s  free the lock',
      '',
      '✗ gate failed: r12 did not become healthy  GATE_FAILED',
      '  why   shop-prod-r12-web-1 exited with code 1',
      "  said  │ web | Error: Cannot find module './coupons/routes.js'",
      '        │ web | Require stack:',
      '        │ web | - /app/dist/server.js',
    ])
    expect(lines.at(-1)).toBe('  next  Mend the cause shown above and deploy again.')
  })

  test('of a way back that failed: both causes', () => {
    const { text } = show(needsPerson.events)
    expect(text).toContain('✗ gate failed: r12 did not become healthy  GATE_FAILED')
    expect(text).toContain('✗ the way back failed at migrate: The snapshot could not be swapped back  DATABASE_FAILED')
    expect(text).toContain('next  Make room on the disk, then: slipway rollback prod')
  })

  test('of a recovery: its own end, then the new deployment', () => {
    const { text } = show(recovering.events)
    expect(text).toMatch(
      /d32 was cut off: going back to the old release\n[^]*d32 is at its end: r11 serves\n\n {2}shop prod {2}deploy d33/,
    )
    expect(text).not.toContain('✗')
  })
})

describe('while it runs', () => {
  test('the step under way has its time, its newest note, and how long requests wait', () => {
    const terminal = new Terminal()
    const timer = new StillTimer()
    const renderer = new TerminalRenderer(terminal.screen(), timer)
    const at = '2026-11-21T00:00:00Z'
    renderer.event({ at, type: 'step-fact', step: 'hold', facts: { held: { services: ['web'] } } })
    renderer.event({ at, type: 'step-started', step: 'gate', does: 'wait until r12 is healthy' })
    renderer.event({ at, type: 'step-note', step: 'gate', text: 'web does not answer yet' })
    timer.pass(3100)
    expect(terminal.text()).toBe(
      '  ⠙ gate           3.1 s  wait until r12 is healthy\n    · web does not answer yet\n    requests wait at the edge: 3.1 s',
    )
    renderer.notice('Interrupted')
    expect(terminal.text()).toMatch(/^ {2}Interrupted\n {2}⠙ gate/)
    renderer.end()
    expect(terminal.text()).toBe('  Interrupted\n')
  })

  test.each([20, 30, 46, 59, 60, 80, 200])('no line that is drawn over wraps at %i columns', columns => {
    const events: Event[] = [...badGate.events, ...goodDeployment.events]
    const { text, terminal } = show(events, columns)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
    expect(text).not.toContain('⠙')
    expect(text.match(/✗ gate/g)?.length).toBeGreaterThan(1)
    expect(terminal.written).not.toContain('undefined')
  })
})

test('hostile text steers nothing', () => {
  const hostile = '\u001b[2J\u001b]0;title\u0007\r::error::pwned\n::set-output name=x::y\u0007'
  const failure = { code: 'GATE_FAILED', message: hostile, why: hostile, output: [hostile] }
  const events: Event[] = [
    {
      at: hostile,
      type: 'deployment-started',
      id: 'd1',
      kind: 'deploy',
      app: hostile,
      environment: hostile,
      by: hostile,
      pid: 1,
    },
    { at: 'x', type: 'step-started', step: 'gate', does: hostile },
    { at: 'x', type: 'step-note', step: 'gate', text: hostile },
    { at: 'x', type: 'step-failed', step: 'gate', seconds: Number.NaN, failure },
    { at: 'x', type: 'undo-failed', step: 'gate', failure },
    { at: 'x', type: 'deployment-finished', id: 'd1', outcome: 'needs-person', seconds: -1, serving: hostile },
  ]
  const { text } = show(events)
  expect(text).not.toMatch(/^\s*::/m)
})
