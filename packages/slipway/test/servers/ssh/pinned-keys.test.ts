import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  fingerprint,
  forgetKeys,
  pinKey,
  pinnedKeysIn,
  readPinnedKeys,
  withPinnedKey,
} from '../../../src/servers/ssh/pinned-keys.ts'

const server = { name: 'prod-1', host: 'Shop.Example.com', user: 'deploy', port: 22 }
const key = { type: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5AAAAIKfdNYQm3ULH5iMYa8yMnQ7dNzYvhYn1YQvbnT0VEJ5p' }
const other = { ...key, key: key.key.replace('5p', '5q') }

let folder: string
beforeEach(() => (folder = mkdtempSync('/tmp/slipway-pins-')))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the file of pinned keys', () => {
  test('gives back what was pinned, for the same host and port only', async () => {
    const file = join(folder, 'slipway.hosts')
    await pinKey(file, server, key)
    await pinKey(file, { ...server, port: 2222 }, other)
    expect(await readPinnedKeys(file, server)).toEqual([key])
    expect(await readPinnedKeys(file, { host: 'shop.example.com', port: 2222 })).toEqual([other])
    expect(await readPinnedKeys(file, { host: 'shop.example.com', port: 23 })).toEqual([])
    expect(statSync(file).mode & 0o777).toBe(0o644)
  })

  test('keeps what a person wrote, and replaces only this server', () => {
    const text = `# mine\nother.example.com ssh-ed25519 ${key.key}`
    const pinned = withPinnedKey(withPinnedKey(text, server, key), server, other)
    expect(pinned).toContain('# mine\nother.example.com')
    expect(pinnedKeysIn(pinned, 'shop.example.com')).toEqual([other])
  })

  test('forgets', async () => {
    const file = join(folder, 'slipway.hosts')
    expect(await forgetKeys(file, server)).toBe(false)
    await pinKey(file, server, key)
    expect(await forgetKeys(file, server)).toBe(true)
    expect(await readPinnedKeys(file, server)).toEqual([])
    expect(readFileSync(file, 'utf8')).toMatch(/^# The keys by which/)
  })

  test.each([
    ['hashed names', '|1|abc=|def= ssh-ed25519 AAAA'],
    ['an authority', '@cert-authority shop.example.com ssh-ed25519 AAAA'],
    ['a revocation', '@revoked shop.example.com ssh-ed25519 AAAA'],
    ['a comment', '# shop.example.com ssh-ed25519 AAAA'],
    ['rubbish', 'shop.example.com \0\u001b[31m $(touch x)'],
    ['half a line', 'shop.example.com ssh-ed25519'],
    ['an option', 'shop.example.com ssh-ed25519 AAAA;x'],
  ])('%s pin nothing', (_, line) => {
    expect(pinnedKeysIn(line, 'shop.example.com')).toEqual([])
  })

  test('a name among several counts', () => {
    expect(pinnedKeysIn(`a.example.com,shop.example.com ssh-ed25519 ${key.key}`, 'shop.example.com')).toEqual([key])
  })
})

test('the fingerprint is the one that ssh-keygen shows', () => {
  const file = join(folder, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  const [type = '', made = ''] = readFileSync(`${file}.pub`, 'utf8').split(' ')
  const shown = execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`], { encoding: 'utf8' })
  expect(shown.split(' ')[1]).toBe(fingerprint({ type, key: made }))
})
