import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seedLasting, writableMounts } from '../../src/source/seed.ts'

let base: string
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-seed-'))
  await mkdir(join(base, 'code/data'), { recursive: true })
  await writeFile(join(base, 'code/data/rows'), 'as the code brings it')
})
afterEach(() => rm(base, { recursive: true, force: true }))

const mount = (source: string, more = {}) => ({
  services: { web: { volumes: [{ type: 'bind', source, target: '/d', ...more }] } },
})

test('data begins as the code brings it, and is never overwritten', async () => {
  const document = mount(join(base, 'code/data'))
  await seedLasting(document, join(base, 'code'), join(base, 'lasting'))
  const file = join(base, 'lasting/data/rows')
  expect(await readFile(file, 'utf8')).toBe('as the code brings it')
  await writeFile(file, 'written by a container')
  await seedLasting(document, join(base, 'code'), join(base, 'lasting'))
  expect(await readFile(file, 'utf8')).toBe('written by a container')
})

test('what is read-only, elsewhere or not there is left alone', async () => {
  expect(writableMounts(mount('/code/a', { read_only: true }), '/code')).toEqual([])
  expect(writableMounts(mount('/other/a'), '/code')).toEqual([])
  expect(writableMounts(mount('/code'), '/code')).toEqual([])
  expect(writableMounts(mount('/code/a$$b'), '/code')).toEqual(['a$b'])
  await seedLasting(mount(join(base, 'code/none')), join(base, 'code'), join(base, 'lasting'))
})
