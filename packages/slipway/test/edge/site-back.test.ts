import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { caddyEdge } from '../../src/edge/edge.ts'
import { siteFromText, siteOf } from '../../src/edge/site.ts'
import { sampleConfig, sampleRelease } from './sample.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-site-'))
  await mkdir(join(folder, 'sites'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const before = siteOf(
  sampleRelease('shop', [{ name: 'web', hosts: ['shop.example'] }]),
  sampleConfig('shop', { listen: { host: '127.0.0.1', port: 8080 }, trustedProxies: ['10.0.0.0/8'] }),
)

test('what the site is can be told, and read again', async () => {
  await writeFile(join(folder, 'sites', 'shop.json'), JSON.stringify(before, null, 2))
  await writeFile(join(folder, 'sites', 'other.json'), JSON.stringify({ ...before, project: 'other' }))
  const told = await caddyEdge({ directory: folder, project: 'shop' }).site()
  expect(siteFromText(told ?? '')).toEqual(before)
})

test('there is none before the first deployment, nor in a file that is no site', async () => {
  const edge = caddyEdge({ directory: folder, project: 'shop' })
  expect(await edge.site()).toBeUndefined()
  await writeFile(join(folder, 'sites', 'shop.json'), '{"project":"shop"')
  expect(await edge.site()).toBeUndefined()
})

test.each(['', '{}', JSON.stringify({ ...before, project: 'other' })])('%j is not brought back', async text => {
  const edge = caddyEdge({ directory: folder, project: 'shop' })
  await expect(edge.bringBackSite(text)).rejects.toMatchObject({ code: 'BUG' })
  expect(await readdir(join(folder, 'sites'))).toEqual([])
})

test('what had no site, and has none, needs no front', async () => {
  await caddyEdge({ directory: folder, project: 'shop', edgeName: 'no-such-edge' }).bringBackSite(undefined)
  expect(await readdir(join(folder, 'sites'))).toEqual([])
})
