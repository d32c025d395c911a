import { describe, expect, test } from 'vitest'
import { assureSuitable, readFacts } from '../../../src/servers/setup/facts.ts'

const address = { name: 'prod-1', host: '203.0.113.10', user: 'deploy', port: 22 }
const printed = [
  'system=debian',
  'version=12',
  'codename=bookworm',
  'title=Debian GNU/Linux 12 (bookworm)',
  'architecture=amd64',
  'container=none',
  'user=root',
  'root=is root',
  'clientAddress=203.0.113.7',
  'serverPort=2222',
  'memory=4096',
  'systemd=yes',
].join('\n')

test('facts are read', () => {
  expect(readFacts(printed)).toMatchObject({ system: 'debian', version: '12', serverPort: 2222, systemd: true })
})

describe('a server that set-up does not understand is refused, and nothing is changed', () => {
  test.each([
    ['another Debian', 'version=12', 'version=11', /Debian/],
    ['another system', 'system=debian', 'system=alpine', /Debian 12 and 13/],
    ['no systemd', 'systemd=yes', '', /systemd/],
    ['no way to root', 'root=is root', 'root=no', /sudo|root/],
  ])('%s', (_, from, to, says) => {
    const attempt = (): void => assureSuitable(address, readFacts(printed.replace(from, to)))
    expect(attempt).toThrow(expect.objectContaining({ code: 'SERVER_UNSUITABLE' }))
    try {
      attempt()
    } catch (error) {
      expect(`${String((error as { why: string }).why)} ${String((error as { next: string }).next)}`).toMatch(says)
    }
  })

  test('silence and rubbish are refused too', () => {
    for (const text of ['', '\0\0', '=====', 'root=is root', 'system=debian\nversion=12\nroot=maybe\nsystemd=yes']) {
      expect(() => assureSuitable(address, readFacts(text))).toThrow(/Setting up server prod-1/)
    }
  })
})

test.each([
  ['debian', '12'],
  ['debian', '13'],
  ['ubuntu', '22.04'],
  ['ubuntu', '24.04'],
])('%s %s is taken', (system, version) => {
  const text = printed.replace('system=debian', `system=${system}`).replace('version=12', `version=${version}`)
  expect(() => assureSuitable(address, readFacts(text))).not.toThrow()
})
