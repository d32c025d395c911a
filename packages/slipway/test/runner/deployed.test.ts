import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DeploymentId, DeploymentRecord } from '../../src/release/model.ts'
import { notedFolders, noteDeployed, readDeployed, type Deployed } from '../../src/runner/deployed.ts'
import { fileJournal } from '../../src/store/journal.ts'
import { layout, type Layout } from '../../src/store/layout.ts'

const main: Deployed = { configFile: '/srv/uploads/main/slipway.yaml', variables: { TAG: 'main' } }
const branch: Deployed = { configFile: '/srv/uploads/branch/slipway.yaml', variables: {} }
let home: string
let place: Layout

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'deployed-'))
  place = layout('shop-prod', home)
  await mkdir(place.environment, { recursive: true })
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** As a deployment does under the lock: it notes what it goes by, opens its journal, and is recorded. */
async function begin(id: DeploymentId, by: Deployed): Promise<void> {
  await noteDeployed(place, by)
  const journal = await fileJournal(place).open(id)
  await journal.append({ at: '2026-11-22T10:00:00Z', type: 'step-started', step: 'fetch', does: 'Fetch' })
  await journal.close()
}

async function end(id: DeploymentId, outcome: DeploymentRecord['outcome']): Promise<void> {
  const { open, record } = fileJournal(place)
  const at = '2026-11-22T10:00:00Z'
  await record({ id, kind: 'deploy', version: 'v1', startedAt: at, seconds: 1, outcome, by: 'ada' })
  const journal = await open(id)
  await journal.append({ at, type: 'deployment-finished', id, outcome, seconds: 1, serving: 'r1 serves' })
  await journal.close()
}

test('before the first there is none, and the first counts however it ends', async () => {
  expect(await readDeployed(place)).toBeUndefined()
  expect(await notedFolders(place)).toEqual([])
  await begin('d1', main)
  expect(await readDeployed(place)).toEqual(main)
  await end('d1', 'failed')
  expect(await readDeployed(place)).toEqual(main)
})

test.each(['failed', 'rolled-back'] as const)(
  'one that %s counts until then, and what serves counts after it',
  async outcome => {
    await begin('d1', main)
    await end('d1', 'deployed')
    await begin('d2', branch)
    expect(await readDeployed(place)).toEqual(branch)
    await end('d2', outcome)
    expect(await readDeployed(place)).toEqual(main)
    // One after the other may fail: what serves is still that of before them.
    await begin('d3', { ...branch, variables: { TAG: 'again' } })
    await end('d3', outcome)
    expect(await readDeployed(place)).toEqual(main)
    expect(await notedFolders(place)).toEqual(['/srv/uploads/branch', '/srv/uploads/main'])
  },
)

test.each(['deployed', 'unchanged', 'needs-person'] as const)(
  'one that ended %s counts from then on',
  async outcome => {
    await begin('d1', main)
    await end('d1', 'deployed')
    await begin('d2', branch)
    await end('d2', outcome)
    expect(await readDeployed(place)).toEqual(branch)
  },
)

test('the note of an earlier version is read as it is', async () => {
  await writeFile(join(place.environment, 'deployed.json'), JSON.stringify(main))
  expect(await readDeployed(place)).toEqual(main)
  await begin('d1', branch)
  await end('d1', 'failed')
  expect(await readDeployed(place)).toEqual(main)
})
