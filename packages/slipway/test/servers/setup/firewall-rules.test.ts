import { describe, expect, test } from 'vitest'
import { dockerUserRules, hostRules } from '../../../src/servers/setup/topics/firewall-rules.ts'
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

describe('what containers show', () => {
  const rules = dockerUserRules({ ...machine, wishes: { ...machine.wishes, openPorts: [3000] } }, 4)
  const at = (part: string): number => rules.findIndex(rule => rule.includes(part))

  test('the ports that were asked for, by their number on the server', () => {
    for (const port of [80, 443, 3000])
      expect(at(`-p tcp -m conntrack --ctorigdstport ${port} -j RETURN`)).toBeGreaterThan(0)
  })

  test('nothing else: every way to a container ends in DROP, after what is allowed', () => {
    const drops = rules.filter(rule => rule.endsWith('-j DROP'))
    expect(drops).toHaveLength(3)
    expect(at('--ctstate DNAT -j DROP')).toBeGreaterThan(at('--ctorigdstport 3000'))
    expect(rules.at(-1)).toBe('-A DOCKER-USER -j RETURN')
  })

  test('of several servers, the ways to the database to the others alone, each in its own family', () => {
    const wishes = { ...machine.wishes, neighbours: ['10.0.0.3', 'FD00:0:0::3'] }
    const way = (family: 4 | 6): string[] =>
      dockerUserRules({ ...machine, wishes }, family).filter(rule => rule.includes('25432:25931'))
    const rest = '-p tcp -m conntrack --ctorigdstport 25432:25931 -j RETURN'
    expect(way(4)).toEqual([`-A DOCKER-USER -s 10.0.0.3/32 ${rest}`])
    expect(way(6)).toEqual([`-A DOCKER-USER -s fd00::3/128 ${rest}`])
    expect(at('25432')).toBe(-1)
  })

  test('answers and what comes out of containers go on, before all else', () => {
    expect(rules.slice(0, 3).every(rule => rule.endsWith('-j RETURN'))).toBe(true)
    expect(at('RELATED,ESTABLISHED')).toBe(0)
  })
})
