import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import type { Release } from '../../src/release/model.ts'
import { fileAlerts } from '../../src/store/alerts.ts'
import { programHooks } from '../../src/store/hooks.ts'
import { fileLock } from '../../src/store/lock.ts'
import { layout, type Layout } from '../../src/store/layout.ts'

let directory: string
let place: Layout
const release = { id: 'r3', version: '1a2b3c4' } as unknown as Release

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-alerts-'))
  place = layout('shop-prod', join(directory, 'home'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function alerts(...alert: string[][]) {
  const hooks = { beforeDeploy: [], afterDeploy: [], onFailure: [], alert, timeoutMs: 5000 }
  const config = {
    directory,
    app: 'shop',
    environment: 'prod',
    project: 'shop-prod',
    hooks,
  } as unknown as EnvironmentConfig
  let seconds = 0
  return fileAlerts(config, place, programHooks(config), () => new Date(Date.UTC(2026, 10, 21, 12, 0, seconds++)))
}

/** Writes down what it was told, word by word. */
async function recorder(): Promise<string[]> {
  const program = join(directory, 'told.sh')
  await writeFile(
    program,
    '#!/bin/sh\nprintf "%s|%s\\n" "$SLIPWAY_ALERT" "$SLIPWAY_ALERT_WHY" >> told\ncat "$SLIPWAY_ALERT_FILE" >> documents\n',
    { mode: 0o755 },
  )
  return [program]
}
const told = () => readFile(join(directory, 'told'), 'utf8').catch(() => '')

test('an outage is told once, and its end once', async () => {
  const { tell } = alerts(await recorder())
  const said = []
  for (const problems of [[], ['api exited'], ['api exited'], ['db'], [], []]) said.push(await tell(problems, release))
  expect(said).toEqual([undefined, 'down', undefined, undefined, 'recovered', undefined])
  expect(await told()).toBe('down|api exited\nrecovered|\n')
  const documents = (await readFile(join(directory, 'documents'), 'utf8')).trim().split('\n')
  const [down, recovered] = documents.map(line => JSON.parse(line) as { since: string })
  expect(down).toMatchObject({
    event: 'down',
    app: 'shop',
    environment: 'prod',
    project: 'shop-prod',
    release: 'r3',
    version: '1a2b3c4',
    problems: ['api exited'],
  })
  expect(recovered).toMatchObject({ event: 'recovered', problems: [], since: down?.since })
})

test('it is told again until the hook has ended well', async () => {
  await expect(alerts(['false']).tell(['down'], release)).rejects.toMatchObject({ code: 'HOOK_FAILED' })
  const { tell } = alerts(await recorder())
  expect(await tell(['down'], release)).toBe('down')
  await expect(alerts(['false']).tell([], release)).rejects.toMatchObject({ code: 'HOOK_FAILED' })
  expect(await tell([], release)).toBe('recovered')
})

test('without a hook nothing is noted, so that a later one hears of it', async () => {
  expect(await alerts().tell(['down'], release)).toBeUndefined()
  expect(await alerts(await recorder()).tell(['down'], release)).toBe('down')
})

test('two that look at once tell it once', async () => {
  const { tell } = alerts(await recorder())
  const lock = await fileLock(join(place.environment, 'alert.lock')).acquire('test')
  expect(await tell(['down'], release)).toBeUndefined()
  await lock.release()
  expect(await tell(['down'], release)).toBe('down')
})

test('a note that a power cut left empty counts as told: the end is not kept back', async () => {
  const { tell } = alerts(await recorder())
  await tell(['down'], release)
  await writeFile(join(place.environment, 'alert.json'), '')
  expect(await tell(['down'], release)).toBeUndefined()
  expect(await tell([], release)).toBe('recovered')
})

test('what a container is called and says runs nothing', async () => {
  const { tell } = alerts(await recorder())
  await tell(['$(touch pwned); `touch pwned`\n--flag', 'ü'], undefined)
  expect(await told()).toBe('down|$(touch pwned); `touch pwned`\n--flag; ü\n')
  await expect(stat(join(directory, 'pwned'))).rejects.toThrow('ENOENT')
})
