import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LabServer } from '../../../lab/server.mjs'
import { thorough } from '../sample.ts'
import { SeveralServers } from './several-servers.ts'

/** Two servers, each with a runner of its own, that agree over SSH; the database is reached through relays. */
let two: SeveralServers

describe.runIf(thorough)('two servers', () => {
  beforeAll(async () => {
    two = await SeveralServers.create()
    await two.version(1)
    const first = await two.slipway('deploy', 'prod')
    expect(first.exitCode, first.stderr).toBe(0)
  }, 240_000)

  afterAll(() => two?.destroy())

  test('have one release, and the database is reached through the way that belongs to it', async () => {
    expect(await two.versions()).toEqual({ web: '1', schema: '1', worker: '1', releases: ['r1', 'r1'] })
    const ways = await Promise.all([two.a, two.b].map(waysOn))
    expect(ways).toEqual([[`${two.project}-r1-path`], [`${two.project}-r1-path`]])
  })

  test("a follower's key is good for nothing but an answer", async () => {
    const options = `-F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i ${two.store}/agreement/key -l deploy`
    const asked = async (words: string, input: string): Promise<string> => {
      for (;;) {
        const argv = ['sh', '-c', `exec ssh ${options} ${words}`]
        const { stdout, stderr } = await two.a.inside(argv, { input, timeout: 60_000 })
        // One of each follower at a time: the last one may still be on its way out.
        if (!/is already in use/.test(stderr)) return stdout === '' ? stderr : stdout.replaceAll('\r', '')
        await sleep(300)
      }
    }
    const { address } = two.b
    const unknown = JSON.stringify({ ask: 1, key: 'd9@2026-11-21T10:00:00.000Z' })
    for (const words of [address, `${address} touch /tmp/was-here`, `-A ${address} 'id; reboot'`]) {
      const said = await asked(words, `${unknown}\n`)
      expect(said).toMatch(/^slipway agreement 1\n\{"of":1,"decisions":\{"outcome":"back"/)
      expect(said).not.toContain('uid=')
    }
    for (const rubbish of [
      '; touch /tmp/was-here\n',
      `${'x'.repeat(20_000)}\n`,
      '{"ask":1,"key":"d1/../../../x@"}\n',
    ]) {
      expect(await asked(`-T ${address}`, rubbish)).toBe('slipway agreement 1\n')
    }
    expect(await asked(`-tt ${address} id`, '')).toContain('PTY allocation request failed')
    expect(await asked(`-W 127.0.0.1:22 ${address}`, '')).not.toContain('SSH-')
    expect((await two.b.inside(['test', '-e', '/tmp/was-here'])).code).not.toBe(0)
    const left = (): Promise<string> =>
      two.inside(two.b, 'docker', 'ps', '--all', '--quiet', '--filter', 'name=slipway-agreement')
    await expect.poll(left, { timeout: 20_000 }).toBe('')
  })

  test("the follower's runner dies between its word and the switch: all is new, and meanwhile the fence held", async () => {
    await two.version(2, { workerSeconds: 10 })
    const deploying = two.start(['deploy', 'prod'])
    await two.journalSays(two.a, 'd2', '"prepared":true')
    // The old release's way from the other server is fenced like the old release itself; the new one's is not.
    expect(await logsIn('r1')).toMatch(/pg_hba\.conf rejects connection/)
    expect(await logsIn('r2')).toBe('1\n')
    await killRunner(two.a)
    const { exitCode, stderr } = await deploying.ended
    expect(exitCode, stderr).toBe(0)
    await two.atRest()
    expect(await two.versions()).toEqual({ web: '2', schema: '2', worker: '2', releases: ['r2', 'r2'] })
    expect(await Promise.all([two.a, two.b].map(waysOn))).toEqual([
      [`${two.project}-r2-path`],
      [`${two.project}-r2-path`],
    ])
  })

  test("the follower's runner dies before it has given its word: all is old, also the data", async () => {
    await two.version(3)
    const deploying = two.start(['deploy', 'prod'])
    await two.journalSays(two.a, 'd3', '"step":"start","does"')
    await killRunner(two.a)
    const { exitCode, stderr } = await deploying.ended
    expect(exitCode, stderr).toBe(3)
    await two.atRest()
    expect(await two.versions()).toEqual({ web: '2', schema: '2', worker: '2', releases: ['r2', 'r2'] })
    const again = await two.slipway('deploy', 'prod')
    expect(again.exitCode, again.stderr).toBe(0)
    expect(await two.versions()).toMatchObject({ web: '3', schema: '3', worker: '3' })
  })
})

/** The whole container, with everything in it: Docker starts it again. */
async function killRunner(server: LabServer): Promise<void> {
  const running = ['ps', '--quiet', '--filter', `label=slipway.runner=${two.project}`]
  const [id = ''] = (await two.inside(server, 'docker', ...running)).split('\n')
  const pid = (await two.inside(server, 'docker', 'inspect', '--format', '{{.State.Pid}}', id)).trim()
  await two.inside(server, 'kill', '-KILL', pid)
}

/** What a login to the database says from a release's own network on the other server. */
async function logsIn(release: string): Promise<string> {
  const network = `${two.project}-${release}_default`
  const psql = ['psql', '-At', 'postgresql://pulse:pulse@db/pulse', '-c', 'select 1']
  const { stdout, stderr } = await two.a.inside(
    ['docker', 'run', '--rm', '--network', network, 'postgres:16-alpine', ...psql],
    { timeout: 30_000 },
  )
  return `${stdout}${stderr}`
}

async function waysOn(server: LabServer): Promise<string[]> {
  const argv = ['docker', 'ps', '--format', '{{.Names}}', '--filter', 'label=slipway.role=path']
  return (await two.inside(server, ...argv)).split('\n').filter(Boolean)
}
