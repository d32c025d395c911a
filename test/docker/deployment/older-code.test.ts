import { afterAll, beforeAll, expect, test } from 'vitest'
import { Pulse } from '../../soak/pulse.mjs'
import { thorough } from '../sample.ts'

/** Code that can not live with the schema as it is, and whose migrator finds nothing to do: older code, deployed again. */
let pulse: Pulse

beforeAll(async () => {
  pulse = await Pulse.create({ deadline: '8s', rehearse: 'full' })
  await pulse.version(1)
  const { exitCode, stderr } = await pulse.slipway('deploy', 'prod')
  expect(exitCode, stderr).toBe(0)
}, 120_000)

afterAll(() => pulse.destroy())

test.runIf(thorough)(
  'is found on the copy: neither its workers nor its web service ever meet the live database',
  async () => {
    await pulse.version(2, { command: 'node, -e, process.exit(0)' })
    const { exitCode, stderr } = await pulse.slipway('deploy', 'prod')
    expect(exitCode, stderr).toBe(1)
    expect(stderr).toContain('REHEARSAL_FAILED')
    expect(stderr).toMatch(/r2 does not become healthy on a copy of the database/)
    expect(stderr).not.toMatch(/ start +started/)
    const { web, schema, running } = await pulse.versions()
    expect({ web, schema }).toEqual({ web: '1', schema: '1' })
    expect(running.map(each => `${each.version} ${each.state}`)).toEqual(['1 running', '1 running'])
    expect(await pulse.leaks()).toEqual([])
  },
  120_000,
)
