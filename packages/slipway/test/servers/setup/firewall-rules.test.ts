import { describe, expect, test } from 'vitest'
import { hostRules } from '../../../src/servers/setup/topics/firewall-rules.ts'
import { machine } from './situations.ts'

const allowed = (wishes: Partial<typeof machine.wishes> = {}, port = 22): string[] =>
  hostRules({ facts: { ...machine.facts, serverPort: port }, wishes: { ...machine.wishes, ...wishes } }).map(
    rule => `${rule.from} ${rule.port}/${rule.protocol}`,
  )

describe('what is let in to the server itself', () => {
  test('SSH and the web', () => {
    expect(allowed()).toEqual(['any 22/tcp', 'any 80/tcp', 'any 443/tcp', 'any 443/udp'])
  })

  test('SSH only from those who look after it, on the port that this login came to', () => {
    const from = allowed({ adminAddresses: ['203.0.113.0/24', '2001:db8::/48'] }, 2222)
    expect(from.slice(0, 3)).toEqual(['203.0.113.0/24 2222/tcp', '2001:db8::/48 2222/tcp', 'any 80/tcp'])
  })

  test('where SSH is let in from some only, the other servers of an environment as well', () => {
    const neighbours = ['10.0.0.3']
    expect(allowed({ neighbours })).toEqual(allowed())
    expect(allowed({ neighbours, adminAddresses: ['203.0.113.9'] }).slice(0, 2)).toEqual([
      '203.0.113.9 22/tcp',
      '10.0.0.3 22/tcp',
    ])
  })

  test('more ports once each, and the usual ones not twice', () => {
    expect(allowed({ openPorts: [8080, 3000, 443, 3000] }).slice(4)).toEqual(['any 3000/tcp', 'any 8080/tcp'])
  })
})
