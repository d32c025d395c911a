import { describe, expect, test } from 'vitest'
import { errorAnnotations } from '../../../src/cli/render/error.ts'
import { annotation, outputLine } from '../../../src/cli/render/github-commands.ts'
import { escapeMarkdown } from '../../../src/cli/render/github-summary.ts'
import { GithubRenderer } from '../../../src/cli/render/github.ts'
import { harmlessValue } from '../../../src/cli/render/harmless.ts'
import { screenOf } from '../../../src/cli/render/screen.ts'
import type { Event } from '../../../src/release/events.ts'
import { SlipwayError } from '../../../src/support/errors.ts'
import { badGate } from '../fixtures/bad-gate.ts'
import { goodDeployment } from '../fixtures/good-deployment.ts'
import { recovering } from '../fixtures/recovering.ts'

function show(events: readonly Event[]): { log: string; files: Record<string, string> } {
  let log = ''
  const files: Record<string, string> = { out: '', summary: '' }
  const variables = { GITHUB_OUTPUT: 'out', GITHUB_STEP_SUMMARY: 'summary' }
  const renderer = new GithubRenderer(screenOf({ write: more => (log += more) }, {}, true), variables, (file, text) => {
    files[file] += text
  })
  for (const event of events) renderer.event(harmlessValue(event))
  renderer.end()
  return { log, files }
}

describe('a deployment in GitHub Actions', () => {
  test('groups are closed before the next one opens', () => {
    for (const played of [goodDeployment, badGate, recovering]) {
      let open = 0
      for (const line of show(played.events).log.split('\n')) {
        if (line.startsWith('::group::')) expect((open += 1)).toBe(1)
        if (line.startsWith('::endgroup::')) expect((open -= 1)).toBe(0)
        if (line.startsWith('::error')) expect(open).toBe(0)
      }
      expect(open).toBe(0)
    }
  })

  test('a failure is an annotation, outputs say how it ended, the summary has a table', () => {
    const { log, files } = show(badGate.events)
    expect(log).toContain(
      '::error title=GATE_FAILED::r12 did not become healthy%0Ashop-prod-r12-web-1 exited with code 1\n',
    )
    expect(files['out']).toBe('deployment=d32\nrelease=\noutcome=rolled-back\n')
    expect(files['summary']).toContain('### shop prod: deploy d32')
    expect(files['summary']).toContain('| ❌ | gate | 1.4 s | GATE\\_FAILED: r12 did not become healthy |')
    expect(show(goodDeployment.events).files['out']).toBe('deployment=d31\nrelease=r12\noutcome=deployed\n')
  })

  test('foreign text begins no command, adds no output and no markup', () => {
    const hostile = 'x\n::add-mask::pwned\r\n##[error]no\n%0A::warning::y | <img src=x> [a](http://evil) `b`'
    const failure = {
      code: 'GATE_FAILED',
      message: hostile,
      why: hostile,
      state: hostile,
      next: hostile,
      output: [hostile, '::stop-commands::x'],
    }
    const { log, files } = show([
      {
        at: 'x',
        type: 'deployment-started',
        id: 'd1',
        kind: 'deploy',
        app: hostile,
        environment: 'prod',
        by: hostile,
        pid: 1,
      },
      { at: 'x', type: 'step-started', step: 'gate', does: hostile },
      { at: 'x', type: 'step-note', step: 'gate', text: hostile },
      { at: 'x', type: 'step-failed', step: 'gate', seconds: 1, failure },
      {
        at: 'x',
        type: 'deployment-finished',
        id: 'd1',
        outcome: 'failed',
        seconds: 1,
        serving: hostile,
        release: 'r1\nevil=1' as 'r1',
      },
    ])
    const commands = log.split('\n').filter(line => line.trim().startsWith('::'))
    expect(commands.map(line => line.slice(0, 10))).toEqual(['::group::g', '::endgroup', '::error ti'])
    expect(log).not.toContain('##[')
    expect(files['out']).toBe('deployment=d1\nrelease=r1 evil=1\noutcome=failed\n')
    expect(files['summary']).not.toMatch(/<img|\]\(http|^::/m)
    const table = files['summary']?.split('\n').filter(line => line.startsWith('|')) ?? []
    for (const row of table) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6)
  })
})

test('values of commands are escaped', () => {
  expect(annotation('error', { title: 'a:b,c', file: 'x%\n', line: 3, col: 0 }, '100%\r\nx')).toBe(
    '::error title=a%3Ab%2Cc,file=x%25%0A,line=3::100%25%0Ax\n',
  )
  expect(outputLine('release', 'r1\noutcome=deployed')).toBe('release=r1 outcome=deployed\n')
  expect(escapeMarkdown('@all www.evil.com http://x')).toBe('&#64;all www&#46;evil.com http:&#47;&#47;x')
})

test('mistakes in files are annotated in their place', () => {
  const error = new SlipwayError('CONFIG_INVALID', 'slipway.yaml has 1 mistake', {
    problems: [
      {
        severity: 'error',
        file: '/w/app/slipway.yaml',
        line: 3,
        column: 5,
        path: 'edge',
        message: 'unknown',
        mend: 'use edges',
      },
    ],
  })
  expect(errorAnnotations(error, { GITHUB_WORKSPACE: '/w' })).toBe(
    '::error title=CONFIG_INVALID,file=app/slipway.yaml,line=3,col=5::unknown%0Ause edges\n',
  )
})
