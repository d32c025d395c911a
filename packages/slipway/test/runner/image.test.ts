import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildArgv, imageName } from '../../src/runner/image.ts'

let product: string
beforeEach(async () => {
  product = await mkdtemp(join(tmpdir(), 'slipway-product-'))
  await mkdir(join(product, 'dist/chunks'), { recursive: true })
  await mkdir(join(product, 'runner'))
  await writeFile(join(product, 'dist/slipway.js'), 'entry')
  await writeFile(join(product, 'dist/chunks/a.js'), 'part')
  await writeFile(join(product, 'runner/Dockerfile'), 'FROM node')
})
afterEach(() => rm(product, { recursive: true, force: true }))

test.each([
  ['dist/slipway.js', 'another entry'],
  ['dist/chunks/b.js', 'one more part'],
  ['runner/Dockerfile', 'FROM other'],
])('another %s is another image', async (file, text) => {
  const before = await imageName('1.0.0', product)
  expect(before).toMatch(/^slipway-runner:1\.0\.0-[0-9a-f]{12}$/)
  await writeFile(join(product, file), text)
  expect(await imageName('1.0.0', product)).not.toBe(before)
})

test('wherever it is installed, and with or without its maps, it is the same image', async () => {
  const before = await imageName('1.0.0', product)
  await writeFile(join(product, 'dist/slipway.js.map'), '{}')
  expect(await imageName('1.0.0', product)).toBe(before)
})

test('what is built has the folder as its last word', () => {
  expect(buildArgv('slipway-runner:1', '/opt/slipway')).toEqual([
    'build',
    '--quiet',
    '--tag=slipway-runner:1',
    '--file=/opt/slipway/runner/Dockerfile',
    '/opt/slipway',
  ])
})
