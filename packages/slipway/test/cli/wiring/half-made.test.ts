import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { removeHalfMade } from '../../../src/cli/wiring/half-made.ts'
import { rehearsalFolder } from '../../../src/cli/wiring/rehearsals.ts'
import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { Release } from '../../../src/release/model.ts'
import type { Ports } from '../../../src/release/ports.ts'
import { makeRun } from '../../../src/runner/runs.ts'
import { layout } from '../../../src/store/layout.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'half-made-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

test('half files go from everywhere that files are written to, the folder of each run too', async () => {
  const place = layout('shop-prod', home)
  const run = '20261121T173205-4f2a9c'
  await makeRun(place.runs, run)
  await mkdir(place.journals, { recursive: true })
  const half = ['0123456789ab', 'ba9876543210'].map(random => `order.json.${random}.partial`)
  const folders = [place.environment, place.journals, join(place.runs, run)]
  for (const folder of folders) {
    for (const name of half) await writeFile(join(folder, name), 'hush')
    await utimes(join(folder, half[0] ?? ''), 1_700_000_000, 1_700_000_000)
  }
  const config = { project: 'shop-prod', backups: { directory: '' } } as EnvironmentConfig
  await removeHalfMade(config, place, {} as Ports)
  for (const folder of folders) {
    // Somebody writes the other one now.
    expect((await readdir(folder)).filter(name => name.endsWith('.partial'))).toEqual(half.slice(1))
  }
})

describe('a copy that is left', () => {
  const remove = async (stage: string | undefined): Promise<string[]> => {
    const place = layout('shop-prod', home)
    const folder = rehearsalFolder(place)
    await mkdir(folder, { recursive: true })
    if (stage !== undefined) await writeFile(join(folder, 'old.compose.json'), stage)
    const removed: string[] = []
    const ports = {
      releases: { current: async () => ({ id: 'r4', project: 'shop-prod', services: [] }) },
      rehearsals: { remove: async ({ id }: Release) => void removed.push(id) },
    } as unknown as Ports
    await removeHalfMade({ project: 'shop-prod', backups: { directory: '' } } as EnvironmentConfig, place, ports)
    expect(await stat(folder).catch(() => 'gone')).toBe('gone')
    return removed
  }
  const labelled = (release: string): string =>
    JSON.stringify({ services: { db: {}, api: { labels: { 'slipway.release': release } } } })

  test('goes by the name that its containers bear, of whichever release', async () => {
    expect(await remove(labelled('r3'))).toEqual(['r3'])
  })

  test.each([undefined, '{"services"', '{}', labelled('../r3')])(
    'of which %s is written goes as the current one',
    async text => {
      expect(await remove(text)).toEqual(['r4'])
    },
  )
})
