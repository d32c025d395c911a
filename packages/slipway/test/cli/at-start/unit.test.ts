import { describe, expect, test } from 'vitest'
import { unitText, type Unit } from '../../../src/cli/at-start/unit.ts'

const unit: Unit = {
  program: ['/usr/bin/node', '/opt/slipway/dist/slipway.js'],
  user: undefined,
  variables: { SLIPWAY_HOME: '/var/lib/slipway' },
}

describe('the unit of systemd', () => {
  test('runs resume --all after Docker, for a bounded time, and stays for what looks after a warm release', () => {
    const lines = unitText(unit).split('\n')
    expect(lines).toContain('ExecStart="/usr/bin/node" "/opt/slipway/dist/slipway.js" resume --all')
    expect(lines).toContain('After=docker.service network-online.target')
    expect(lines).toContain('Environment="SLIPWAY_HOME=/var/lib/slipway"')
    for (const wanted of ['RemainAfterExit=yes', 'Restart=on-failure', 'TimeoutStartSec=30min', 'NoNewPrivileges=yes'])
      expect(lines).toContain(wanted)
    expect(lines.filter(line => line.startsWith('User='))).toEqual([])
  })

  test('is of whoever deploys', () => {
    expect(unitText({ ...unit, user: 'ada' })).toMatch(/^User=ada$/m)
  })

  test('quotes what systemd would read otherwise', () => {
    const text = unitText({ ...unit, program: ['/a b/node', '/100%/"x"\\y.js'], variables: { A: '%h "b" c;d' } })
    expect(text).toContain('ExecStart="/a b/node" "/100%%/\\"x\\"\\\\y.js" resume --all')
    expect(text).toContain('Environment="A=%%h \\"b\\" c;d"')
  })

  test.each(['/a\nExecStartPre=/bin/sh', '/a\r', '/a\u0000', '/$HOME', '/${HOME}', '/$(id)'])(
    'refuses %j, which would be more than a path',
    path => {
      const refused = expect.objectContaining({ code: 'USAGE', state: 'nothing was changed' })
      expect(() => unitText({ ...unit, program: ['/usr/bin/node', path] })).toThrow(refused)
      expect(() => unitText({ ...unit, variables: { SLIPWAY_HOME: path } })).toThrow(refused)
    },
  )

  test.each(['root\nExecStart=/bin/sh', 'a b', '-x', '', '$USER', '%u'])('refuses the user %j', user => {
    expect(() => unitText({ ...unit, user })).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
