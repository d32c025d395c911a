import { describe, expect, test } from 'vitest'
import type { Application } from '../../src/cli/application.ts'
import { runCli } from '../../src/cli/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { pendingPlan, playedWiring, proven } from './fixtures/application.ts'

async function run(argv: string[], parts: Partial<Application> = {}) {
  const wiring = playedWiring(parts)
  let stdout = ''
  let stderr = ''
  const exitCode = await runCli(argv, {
    stdout: { write: text => (stdout += String(text)) },
    stderr: { write: text => (stderr += String(text)) },
    variables: {},
    signal: new AbortController().signal,
    now: () => new Date('2026-11-21T05:00:00Z'),
    wiring: async () => wiring,
  })
  return { exitCode, stdout, stderr, asked: wiring.asked }
}

describe('promote', () => {
  test('asks the one environment what it has proven, and deploys that to the other', async () => {
    const { exitCode, stderr, asked } = await run(['promote', 'staging', 'prod'])
    expect(exitCode, stderr).toBe(0)
    expect(asked).toMatchObject([
      { environment: 'staging' },
      { environment: 'prod', promotion: proven.promotion },
      { promotion: proven.promotion },
    ])
    expect(stderr).toMatch(/staging (→|->) prod: r7 {2}4f2a9c1/)
    expect(stderr).toMatch(/(✓|\+) committed by d9/)
    expect(stderr).toMatch(/[–-] not watched to the end/)
    expect(stderr).toContain('ghcr.io/shop/web@1a1a1a1a1a1a')
  })

  test('--dry-run plans it, and deploys nothing', async () => {
    const image = proven.promotion.images['web'] ?? ''
    const plan = {
      ...pendingPlan,
      promotion: proven.promotion,
      services: pendingPlan.services.map(each => (each.name === 'web' ? { ...each, image } : each)),
    }
    const dry = await run(['promote', 'staging', 'prod', '--dry-run'], {
      plan: async request => ({ ...plan, version: request.promotion?.version ?? 'not asked' }),
      deploy: () => Promise.reject(new Error('deployed')),
    })
    expect(dry.exitCode).toBe(6)
    expect(dry.stdout).toContain('those that staging runs as r7')
    expect(dry.stdout).toMatch(/web +web +built anew +ghcr\.io\/shop\/web@1a1a1a1a1a1a\n/)
    expect(dry.stdout).not.toContain('not asked')
  })

  test('what is not proven is not even asked for', async () => {
    const refusal = new SlipwayError('PROMOTION_REFUSED', 'r7 of staging is not proven', { why: 'web-1 is unhealthy' })
    const refused = await run(['promote', 'staging', 'prod', '--json'], { proven: () => Promise.reject(refusal) })
    expect(refused.exitCode).toBe(1)
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: { code: 'PROMOTION_REFUSED', why: 'web-1 is unhealthy' },
    })
    expect(refused.asked).toEqual([{ configFile: undefined, environment: 'staging' }])
  })

  test.each([[['promote']], [['promote', 'staging']], [['promote', 'prod', 'prod']], [['promote', 'a', 'b', 'c']]])(
    '%j is refused before anything is asked',
    async argv => expect(await run(argv)).toMatchObject({ exitCode: 2, asked: [] }),
  )
})
