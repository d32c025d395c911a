import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { PulseOnServer } from '../../soak/pulse-on-server.mjs'
import { thorough } from '../sample.ts'
import { sealSecret } from './pulse-secret.ts'

/** From a laptop: the new address is made here, the login there, and only there is the database. */
let pulse: PulseOnServer
let traffic: Traffic

describe.runIf(thorough)('the login of a database on a server', () => {
  beforeAll(async () => {
    pulse = await PulseOnServer.create({
      name: `rotation-${randomBytes(3).toString('hex')}`,
      rehearse: 'off',
      watch: 'off',
    })
    await giveAddress()
    await pulse.version(1)
    const first = await pulse.slipway('deploy', 'prod')
    expect(first.exitCode, first.stderr).toBe(0)
    traffic = startTraffic({
      baseUrl: pulse.baseUrl,
      rate: 20,
      timeoutMs: 60_000,
      writes: { path: '/notes', share: 0.4, makeBody: id => ({ id }) },
      reads: [{ path: '/health' }],
    })
  }, 240_000)

  afterAll(async () => {
    await traffic?.stop()
    await pulse?.destroy()
  })

  test('is rotated, and goes back with its release', async () => {
    const rotated = await pulse.slipway('secrets', 'rotate', 'prod', 'DATABASE_URL')
    expect(rotated.exitCode, rotated.stderr).toBe(0)
    const { username } = await inFile()
    expect(username).toMatch(/^pulse_slipway_[0-9a-f]{8}$/)
    await expect.poll(sessions, { timeout: 20_000 }).toEqual([username])
    const back = await pulse.slipway('rollback', 'prod')
    expect(back.exitCode, back.stderr).toBe(0)
    await expect.poll(sessions, { timeout: 20_000 }).toEqual(['pulse'])
    const again = await pulse.slipway('deploy', 'prod')
    expect(again.exitCode, again.stderr).toBe(0)
    await expect.poll(sessions, { timeout: 20_000 }).toEqual([username])
  })

  test('the laptop dies in it: the server goes on, and the file here has what serves there', async () => {
    const before = await inFile()
    const laptop = pulse.start(['secrets', 'rotate', 'prod', 'DATABASE_URL'], line => {
      if (/ start +started/.test(line)) laptop.child.kill('SIGKILL')
    })
    expect((await laptop.ended).signal).toBe('SIGKILL')
    const seen = await pulse.slipway('attach', 'prod')
    expect(seen.exitCode, seen.stderr).toBe(0)
    const { username, password } = await inFile()
    expect(username).not.toBe(before.username)
    await expect.poll(sessions, { timeout: 20_000 }).toEqual([username])
    expect(await pulse.slipway('deploy', 'prod')).toMatchObject({ exitCode: 0 })
    expect((await pulse.history()).at(-1)).toMatchObject({ outcome: 'unchanged' })
    expect(await pulse.inside('sh', '-c', `ps axww; cat ${pulse.store}/deployments/*`)).not.toContain(password)
  })

  test('nobody has noticed', async () => {
    const summary = await traffic.stop()
    expect(summary.firstFailures).toEqual([])
    expect(await traffic.verify('/ids')).toMatchObject({ lost: 0 })
  })
})

/** As one secret, which only the command line can open. */
async function giveAddress(): Promise<void> {
  await sealSecret(pulse, 'DATABASE_URL', 'postgresql://pulse:pulse@db:5432/pulse')
  const file = join(pulse.directory, 'compose.yaml')
  const compose = await readFile(file, 'utf8')
  await writeFile(file, compose.replace(/^ {4}DATABASE_URL: .*/m, '    DATABASE_URL: ${DATABASE_URL:?is a secret}'))
}

const inFile = async () => new URL((await pulse.slipway('secrets', 'get', 'prod', 'DATABASE_URL')).stdout)

/** Who the app is at the database. */
async function sessions(): Promise<string[]> {
  const told = await pulse.sql(
    "select distinct usename from pg_stat_activity where client_addr is not null and application_name not like 'slipway%' order by 1",
  )
  return told.split('\n').filter(Boolean)
}
