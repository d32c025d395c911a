import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import type { ComposeService } from '../../../packages/slipway/src/config/document.ts'
import { dataDirectory, firstSetUp, setUpArgv } from '../../../packages/slipway/src/engine/ready-database.ts'
import {
  findReadyImage,
  forgetReadyImage,
  makeReadyImage,
} from '../../../packages/slipway/src/engine/ready-database-images.ts'
import { removeRelease } from '../../../packages/slipway/src/engine/removal.ts'
import { saysReady } from '../../../packages/slipway/src/postgres/copy-start.ts'
import type { Release } from '../../../packages/slipway/src/release/model.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'
import { docker, until } from './lab.ts'

const project = `swready${randomBytes(3).toString('hex')}_rehearsal`
const stage = { id: 'r4', project, services: [] } as unknown as Release
/** No other test has it, so the image is this one's own. */
const place = `Etc/GMT+${1 + (process.pid % 11)}`

function service(more: Record<string, string> = {}): ComposeService {
  const environment = { POSTGRES_USER: 'shop', POSTGRES_PASSWORD: 'marked-secret', TZ: place, ...more }
  return { image: 'postgres:16-alpine', command: ['postgres', '-c', 'fsync=off'], environment }
}

/** Nothing of a set-up is left, however it ended. */
afterEach(async () => {
  expect(await docker(['ps', '--all', '--quiet', '--filter', `label=slipway.project=${project}`])).toBe('')
})

test('a database that is set up once begins from there: empty, with the passwords of nobody', async () => {
  const database = { service: service(), database: 'shop' }
  expect(await findReadyImage(database)).toBeUndefined()
  await makeReadyImage(stage, database, saysReady)
  const image = await findReadyImage(database)
  if (image === undefined) throw new Error('it was made')
  const found = await docker(['image', 'inspect', '--format', '{{json .Config}}', image])
  expect(found).not.toMatch(/marked-secret|r4|swready/)
  expect(found).toContain('"POSTGRES_PASSWORD="')

  const container = await docker(['run', '--detach', '--network', 'none', '--env', `PGDATA=${dataDirectory}`, image])
  try {
    await until('it answers', async () => (await databases(container)) !== '')
    expect(await databases(container)).toBe('postgres template0 template1')
    expect((await run('docker', ['logs', container])).stdout).toContain('Skipping initialization')
  } finally {
    await docker(['rm', '--force', '--volumes', container])
  }
  // It is there: nothing has to be made again.
  const before = await docker(['image', 'inspect', '--format', '{{.Id}}', image])
  await makeReadyImage(stage, database, () => false)
  expect(await docker(['image', 'inspect', '--format', '{{.Id}}', image])).toBe(before)
  await forgetReadyImage(image)
  expect(await findReadyImage(database)).toBeUndefined()
})

test('one that can not be set up leaves no image, and says so at once', async () => {
  const database = { service: service({ POSTGRES_INITDB_ARGS: '--no-such-option' }), database: 'shop' }
  const began = performance.now()
  await expect(makeReadyImage(stage, database, saysReady)).rejects.toThrow('it was not set up')
  expect(performance.now() - began).toBeLessThan(20_000)
  expect(await findReadyImage(database)).toBeUndefined()
})

test('what a killed process leaves of it goes with the stage', async () => {
  const setUp = firstSetUp(service(), 'shop')
  if (setUp === undefined) throw new Error('it is known')
  const labels = { 'slipway.project': project, 'slipway.release': 'r4' }
  const values = { ...setUp.environment, POSTGRES_PASSWORD: 'x', PGDATA: dataDirectory }
  const begun = await run('docker', setUpArgv(setUp, { name: `${project}-set-up`, labels }), { environment: values })
  expect(begun.exitCode, begun.stderr).toBe(0)
  await removeRelease(stage, 'at-once')
})

async function databases(container: string): Promise<string> {
  const query = "select string_agg(datname, ' ' order by datname) from pg_database"
  const asked = ['exec', container, 'psql', '-XAt', '-U', 'shop', '-d', 'postgres', '-c', query]
  return (await run('docker', asked)).stdout.trim()
}
