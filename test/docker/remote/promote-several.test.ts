import { appendFile, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thorough } from '../sample.ts'
import { SeveralServers } from './several-servers.ts'

/** From an environment of one server to one of two, and back: images of a registry, looked at on each server. */
describe.runIf(thorough)('two servers', () => {
  let two: SeveralServers
  let tested = ''

  beforeAll(async () => {
    two = await SeveralServers.create()
    await two.version(1)
    const first = await two.slipway('deploy', 'prod')
    expect(first.exitCode, first.stderr).toBe(0)
    const next = join(two.base, 'next')
    await cp(two.directory, next, { recursive: true })
    await appendFile(join(next, 'Dockerfile'), 'LABEL next=yes\n')
    tested = await two.push('2', next)
    await two.version(2, { beside: '  staging: { server: a, edge: { listen: "0.0.0.0:8081" } }\n' })
    two.variables['PULSE_IMAGE'] = tested
    const staged = await two.slipway('deploy', 'staging')
    expect(staged.exitCode, staged.stderr).toBe(0)
    two.variables = {}
  }, 300_000)

  afterAll(() => two?.destroy())

  /** By service, with the server where there are several. */
  async function images(environment: string): Promise<Map<string, string>> {
    const { result } = await two.json('status', environment)
    const services = result['services'] as { name: string; server?: string; image?: string }[]
    const own = services.filter(({ name }) => name !== 'db')
    return new Map(own.map(({ name, server, image }) => [[server, name].filter(Boolean).join(' '), image ?? '']))
  }

  test('get what was tested on one, all or none', async () => {
    const dry = await two.json('promote', 'staging', 'prod', '--dry-run')
    expect(dry.exitCode, dry.stderr).toBe(6)
    expect(dry.result['services']).toMatchObject([
      { name: 'web', image: tested, servers: ['a'] },
      { name: 'db' },
      { name: 'worker', image: tested, servers: ['b'] },
    ])
    const promoted = await two.json('promote', 'staging', 'prod')
    expect(promoted.exitCode, promoted.stderr).toBe(0)
    expect(promoted.result).toMatchObject({
      outcome: 'deployed',
      promoted: { from: 'staging', release: 'r1' },
      servers: [
        { server: 'b', release: 'r2' },
        { server: 'a', release: 'r2' },
      ],
    })
    expect([...(await images('prod'))]).toEqual([
      ['a web', tested],
      ['b worker', tested],
    ])
    expect(await two.versions()).toEqual({ web: '2', schema: '2', worker: '2', releases: ['r2', 'r2'] })
  })

  test('are well, also the one behind whose edge there is nothing', async () => {
    const { result, stderr } = await two.json('status', 'prod', '--alert')
    expect(result['alert'], stderr).toEqual({ problems: [] })
  })

  test('give back what they have proven together', async () => {
    const { exitCode, stderr, result } = await two.json('promote', 'prod', 'staging')
    expect(exitCode, stderr).toBe(0)
    expect(result).toMatchObject({ outcome: 'unchanged' })
    expect(stderr).toMatch(/a: 1 container runs and is well, of the recorded digests/)
    expect(stderr).toMatch(/b: 1 container runs and is well, of the recorded digests/)
  })

  test('give nothing when one of them is not well', async () => {
    await two.inside(two.b, 'docker', 'stop', `${two.project}-r2-worker-1`)
    const { exitCode, error } = await two.json('promote', 'prod', 'staging')
    expect(exitCode).not.toBe(0)
    expect(error).toMatchObject({
      code: 'PROMOTION_REFUSED',
      why: expect.stringMatching(/^b: .*worker-1 (is exited|exited)/) as string,
    })
  })
})
