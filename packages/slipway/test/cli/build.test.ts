import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../src/support/run.ts'
import packageFile from '../../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '../../../..')
let dist = ''
let slipway = ''

beforeAll(async () => {
  dist = await mkdtemp(join(tmpdir(), 'slipway-build-'))
  slipway = join(dist, 'slipway.js')
  const built = await run(process.execPath, [join(root, 'scripts/build.mjs'), dist])
  expect(built).toMatchObject({ exitCode: 0 })
  await writeFile(join(dist, 'package.json'), '{"type":"module"}')
}, 60_000)

afterAll(() => rm(dist, { recursive: true, force: true }))

test('the bundle is a program that says its version and loads no chunk for it', async () => {
  expect((await stat(slipway)).mode & 0o111).toBe(0o111)
  expect((await stat(slipway)).size).toBeLessThan(4000)
  const result = await run(slipway, ['--version'])
  expect(result).toMatchObject({ exitCode: 0, stdout: `${packageFile.version}\n` })
  expect(JSON.parse((await run(slipway, ['-V', '--json'])).stdout)).toEqual({ version: packageFile.version })
})

test('it also runs by way of a link, as npm installs it', async () => {
  const link = join(dist, 'slipway')
  await symlink(slipway, link)
  expect((await run(link, ['deploy', '--help'])).stdout).toContain('Usage: slipway deploy')
})

test('mistakes exit with 2, without a stack', async () => {
  const result = await run(slipway, ['status', '--json'], { directory: dist })
  expect(result.exitCode).toBe(2)
  expect(JSON.parse(result.stdout).error.code).toBe('CONFIG_NOT_FOUND')
  expect(result.stderr).not.toContain('    at ')
})

test('help does not load the parts that deploy', async () => {
  const { stderr } = await run(process.execPath, ['--import', await recorder(), slipway, '--help'])
  expect(stderr).not.toMatch(/wiring|zod|execa/)
  expect((await readdir(join(dist, 'chunks'))).some(name => name.startsWith('wiring'))).toBe(true)
})

/** Prints the address of each module as it is loaded. */
async function recorder(): Promise<string> {
  const hooks = join(dist, 'hooks.mjs')
  const register = join(dist, 'register.mjs')
  await writeFile(
    hooks,
    "import { writeSync } from 'node:fs'\nexport async function load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context) }\n",
  )
  await writeFile(register, "import { register } from 'node:module'\nregister('./hooks.mjs', import.meta.url)\n")
  return register
}
