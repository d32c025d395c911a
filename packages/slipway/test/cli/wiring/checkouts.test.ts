import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forgetCheckout, newCheckout, removeLeftCheckouts } from '../../../src/cli/wiring/checkouts.ts'
import { layout, type Layout } from '../../../src/store/layout.ts'

const sha = 'a'.repeat(40)
let home: string
let place: Layout

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'checkouts-'))
  place = layout('shop-prod', home)
})
afterEach(() => rm(home, { recursive: true, force: true }))

test('two of one commit lie apart, and each goes by itself', async () => {
  const [one, other] = [await newCheckout(place, sha), await newCheckout(place, sha)]
  expect(one).not.toBe(other)
  for (const each of [one, other]) {
    expect(each.endsWith(`/${sha}`)).toBe(true)
    expect((await stat(dirname(each))).mode & 0o777).toBe(0o700)
    await mkdir(each)
    await writeFile(join(each, '.env'), 'SECRET=x')
  }
  await forgetCheckout(one)
  await forgetCheckout(one)
  expect(await readdir(other)).toEqual(['.env'])
  // Somebody else comes under the lock, while this one still plans.
  await removeLeftCheckouts(place)
  expect(await readdir(other)).toEqual(['.env'])
  await forgetCheckout(other)
  expect(await readdir(join(place.environment, 'incoming'))).toEqual([])
})

test('what a killed process has left goes, whatever it is', async () => {
  await removeLeftCheckouts(place)
  const folder = join(place.environment, 'incoming')
  await mkdir(join(folder, 'checkout-dead', sha), { recursive: true })
  await writeFile(join(folder, 'checkout-dead', sha, '.env'), 'SECRET=x')
  // As earlier versions had them.
  await mkdir(join(folder, sha))
  // Another process has this one, in whatever container.
  await mkdir(join(folder, 'checkout-busy'))
  const busy = spawn('flock', [join(folder, 'checkout-busy'), 'sh', '-c', 'echo there; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(busy.stdout, 'data')
  await removeLeftCheckouts(place)
  expect(await readdir(folder)).toEqual(['checkout-busy'])
  busy.stdin.end()
  await once(busy, 'close')
  await removeLeftCheckouts(place)
  expect(await readdir(folder)).toEqual([])
})
