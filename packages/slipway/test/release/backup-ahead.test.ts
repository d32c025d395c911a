import { describe, expect, test } from 'vitest'
import { beginBackupAhead, discardAhead, keptAhead } from '../../src/release/backup-ahead.ts'
import { makeContext, type Context } from '../../src/release/context.ts'
import type { Ports } from '../../src/release/ports.ts'
import { runDeployment } from '../../src/release/run.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { makeRelease } from './sample-release.ts'
import { makePlan, World } from './world.ts'

async function serving(): Promise<World> {
  const world = new World()
  await deploy(world, 'v1')
  world.calls.length = 0
  world.backups.length = 0
  return world
}

function deploy(world: World, version: string, differs: Partial<Ports> = {}) {
  const plan = async () => makePlan(world, version, { kind: 'unchanged', why: 'same' })
  const signal = new AbortController().signal
  const options = { purpose: '', by: '', makePlan: plan, planOf: plan, signal, listen: () => undefined }
  return runDeployment(options, { ...world.ports(), ...differs })
}

function contextIn(world: World): Context {
  const plan = makePlan(world, 'v2', { kind: 'unchanged', why: 'same' })
  return makeContext(plan, {}, world.ports(), new Date(), new AbortController().signal, async () => undefined)
}

describe('the backup of a deployment', () => {
  test('is begun before the code is there, and kept by the step of its name', async () => {
    const world = await serving()
    expect((await deploy(world, 'v2')).outcome).toBe('deployed')
    const calls = world.calls.filter(call => /^backups|fetch/.test(call))
    expect(calls).toEqual(['backups.begin', 'source.fetch', 'backups.keep'])
    expect(world).toMatchObject({ backups: ['backup'], unnamedBackups: 0 })
  })

  test.each([
    ['when there is nothing to deploy', 'v1', {}, 'unchanged'],
    [
      'when the code does not come',
      'v2',
      { source: { fetch: () => Promise.reject(new SlipwayError('BUILD_FAILED', '')), discard: async () => undefined } },
      'failed',
    ],
  ])('leaves nothing %s', async (_when, version, differs, outcome) => {
    const world = await serving()
    expect((await deploy(world, version, differs)).outcome).toBe(outcome)
    expect(world).toMatchObject({ backups: [], unnamedBackups: 0 })
  })

  test('that could not be made ends the deployment, and nothing has changed', async () => {
    const world = await serving()
    const ports = world.ports()
    const broken = Promise.reject(new SlipwayError('BACKUP_FAILED', 'it does not decode'))
    const begin: Ports['backups']['begin'] = () => ({
      dumped: broken,
      verified: broken,
      keep: () => broken,
      discard: async () => undefined,
    })
    const record = await deploy(world, 'v2', { backups: { ...ports.backups, begin } })
    expect(record).toMatchObject({ outcome: 'failed', failure: { step: 'backup', code: 'BACKUP_FAILED' } })
    expect(world.live).toBe('r1')
  })

  test('is taken anew when it has lain for long: what was written since is in it, too', async () => {
    const world = await serving()
    const context = contextIn(world)
    beginBackupAhead(context)
    await context.backupAhead?.backup.verified
    world.now += 10_001
    expect(await keptAhead(context)).toBeUndefined()
    expect(context.backupAhead).toBeUndefined()
    expect(world).toMatchObject({ backups: [], unnamedBackups: 0 })
  })

  test('is waited for however long it takes', async () => {
    const world = await serving()
    const context = contextIn(world)
    beginBackupAhead(context)
    world.now += 60_000
    expect(await keptAhead(context)).toMatchObject({ file: 'backup' })
    await discardAhead(context)
    expect(world).toMatchObject({ backups: ['backup'], unnamedBackups: 0 })
  })

  test('is not begun where nobody knows whether there is anything to back up', () => {
    const world = new World()
    expect(beginBackupAhead(contextIn(world))).toBeUndefined()
    const context = contextIn(world)
    context.plan = { ...context.plan, current: makeRelease('r1', 'v1') }
    expect(beginBackupAhead(context)).toBeUndefined()
    expect(world.unnamedBackups).toBe(0)
  })
})
