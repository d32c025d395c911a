import { expect, test } from 'vitest'
import { readFindings } from '../../../src/servers/setup/check-script.ts'
import type { Situation } from '../../../src/servers/setup/topic.ts'
import { firewall } from '../../../src/servers/setup/topics/firewall.ts'
import { strangersRules } from '../../../src/servers/setup/topics/firewall-strangers.ts'
import { machine } from './situations.ts'

const open: Situation = machine
const closed: Situation = { ...machine, wishes: { ...machine.wishes, adminAddresses: ['203.0.113.0/24'] } }

const answer = (rules: readonly string[], others: readonly string[] = []): string =>
  [
    ...['rules', ...rules],
    ...[
      'profiles',
      '[OpenSSH]',
      'ports=22/tcp',
      '[Nginx Full]',
      'ports=80,443/tcp',
      '[Samba]',
      'ports=137,138/udp|139/tcp',
    ],
    ...['devices', 'eth0', 'others', ...others, ''],
  ].join('\n')

test.each([
  ['allow OpenSSH'],
  ['limit 22/tcp'],
  ['allow 22'],
  ["allow 22/tcp comment 'slipway SSH'"],
  ['allow 20:30/tcp'],
  ['allow in on eth0 to any port 22 proto tcp'],
  ['allow from 198.51.100.7'],
  ['allow from 198.51.100.7 to any port 22 proto tcp'],
  ['allow in on eth0'],
])('%s opens SSH to strangers only where it is to be closed to them', rule => {
  const text = rule.replace(/ comment .*/, '')
  expect(strangersRules(answer([rule]), closed)).toEqual([text])
  const anything = rule.includes(':') || rule === 'allow in on eth0'
  expect(strangersRules(answer([rule]), open)).toEqual(anything ? [text] : [])
})

test.each([
  ['allow 5432'],
  ['allow Samba'],
  ['allow "Unknown Thing"'],
  ['allow 53/udp'],
  ['allow 3000:3010/tcp'],
  ['allow from any to any port 6379 proto tcp'],
  ['allow in on eth0 to any port 5432'],
])('%s lets strangers in', rule => {
  expect(strangersRules(answer([rule]), open)).toEqual([rule])
  expect(strangersRules(answer([rule]), closed)).toEqual([rule])
})

test.each([
  ["allow 443/udp comment 'slipway HTTP/3'"],
  ['allow 80'],
  ["allow 'Nginx Full'"],
  ['allow 80,443/tcp'],
  ['deny 5432'],
  ['route allow proto tcp from any to any port 5432'],
  ['allow out 25/tcp'],
  ['allow in on wg0 to any port 5432'],
  ['allow from 10.0.0.5 to any port 5432 proto tcp'],
  ['allow from 203.0.113.0/24 to any port 22 proto tcp'],
])('%s is nothing to speak of', rule => {
  expect(strangersRules(answer([rule]), open)).toEqual([])
  expect(strangersRules(answer([rule]), closed)).toEqual([])
})

test('what another project opens is its own affair, but for SSH to everybody', () => {
  const theirs = ['8080/tcp', '22/tcp', 'from 192.0.2.1 to any port 22 proto tcp']
  const rules = theirs.map(rule => `allow ${rule} comment 'slipway'`)
  expect(strangersRules(answer(rules, theirs), closed)).toEqual(['allow 22/tcp'])
  expect(strangersRules(answer(rules), closed)).toHaveLength(3)
})

test('it is told as something for a person, which no set-up changes', () => {
  const printed = `\u001efirewall.strangers\u001f${answer(['allow OpenSSH', 'allow 5432'])}\u001eend\u001f`
  const finding = readFindings(printed, [firewall], closed)?.find(({ id }) => id === 'firewall.strangers')
  expect(finding).toMatchObject({ state: 'by hand', found: 'allow OpenSSH; allow 5432', wanted: 'none' })
  const nothing = printed.replace(/allow .*\n/g, '')
  const quiet = readFindings(nothing, [firewall], closed)?.find(({ id }) => id === 'firewall.strangers')
  expect(quiet).toMatchObject({ state: 'as wanted', found: 'none' })
})
