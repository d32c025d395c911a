import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thorough } from '../sample.ts'
import { sealSecret } from './pulse-secret.ts'
import { SeveralServers } from './several-servers.ts'

/** The login is made where the database is, and used on another server too. */
describe.runIf(thorough)('the login of a database that several servers use', () => {
  let two: SeveralServers

  beforeAll(async () => {
    two = await SeveralServers.create()
    await sealSecret(two, 'DATABASE_URL', 'postgresql://pulse:pulse@db:5432/pulse')
    const file = join(two.directory, 'compose.yaml')
    const compose = await readFile(file, 'utf8')
    await writeFile(file, compose.replace(/^ {4}DATABASE_URL: .*/m, '    DATABASE_URL: ${DATABASE_URL:?is a secret}'))
    await two.version(1)
    const first = await two.slipway('deploy', 'prod')
    expect(first.exitCode, first.stderr).toBe(0)
  }, 300_000)

  afterAll(() => two?.destroy())

  const inFile = async () => new URL((await two.slipway('secrets', 'get', 'prod', 'DATABASE_URL')).stdout)

  /** Who the app is at the database, from how many addresses: a way of its own leads there from each server. */
  const sessions = async (): Promise<string> => {
    const asked =
      "select usename, count(distinct client_addr) from pg_stat_activity where client_addr is not null and application_name not like 'slipway%' group by 1 order by 1"
    return (await two.sql(asked)).trim()
  }

  test('is rotated on all of them, and goes back with their release', async () => {
    expect(await sessions()).toBe('pulse|2')
    const rotated = await two.slipway('secrets', 'rotate', 'prod', 'DATABASE_URL')
    expect(rotated.exitCode, rotated.stderr).toBe(0)
    const { username, password } = await inFile()
    expect(username).toMatch(/^pulse_slipway_[0-9a-f]{8}$/)
    await expect.poll(sessions, { timeout: 20_000 }).toBe(`${username}|2`)
    expect(await two.versions()).toEqual({ web: '1', schema: '1', worker: '1', releases: ['r2', 'r2'] })
    for (const server of [two.a, two.b]) {
      expect(await two.inside(server, 'sh', '-c', `ps axww; cat ${two.store}/deployments/*`)).not.toContain(password)
    }
    const back = await two.slipway('rollback', 'prod')
    expect(back.exitCode, back.stderr).toBe(0)
    await expect.poll(sessions, { timeout: 20_000 }).toBe('pulse|2')
    const again = await two.slipway('deploy', 'prod')
    expect(again.exitCode, again.stderr).toBe(0)
    await expect.poll(sessions, { timeout: 20_000 }).toBe(`${username}|2`)
  }, 300_000)
})
