import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { asked, withTrust } from '../../../src/cli/remote/trust.ts'
import { SlipwayError } from '../../../src/support/errors.ts'

const server = { name: 'vps', host: 'shop.example.com', user: 'deploy', port: 22, home: '/var/lib/slipway' }
const key = { type: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5AAAAIJx2Tq0fZ1Yw5rJ0b8q3x1f7v0k9m2n4p6r8s0t2u4w6' }
let directory: string
let pinned: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-trust-'))
  pinned = join(directory, 'slipway.hosts')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function answer(text: string) {
  const [input, output] = [new PassThrough(), new PassThrough()]
  input.write(`${text}\n`)
  const trusted = await asked(server, pinned, input, output, async () => key)
  return { trusted, shown: String(output.read()) }
}

test('the key is shown, and kept when a person says yes', async () => {
  const { trusted, shown } = await answer('yes')
  expect(trusted).toBe(true)
  expect(shown).toMatch(/SHA256:\S+ \(ssh-ed25519\)/)
  expect(await readFile(pinned, 'utf8')).toContain(`shop.example.com ssh-ed25519 ${key.key}`)
})

test.each(['', 'y', 'no', 'yes please'])('%j is no yes', async text => {
  expect((await answer(text)).trusted).toBe(false)
  await expect(readFile(pinned, 'utf8')).rejects.toThrow()
})

test('without a terminal nobody is asked', async () => {
  const unknown = new SlipwayError('HOST_KEY_UNKNOWN', 'x')
  await expect(withTrust(server, pinned, () => Promise.reject(unknown))).rejects.toBe(unknown)
})
