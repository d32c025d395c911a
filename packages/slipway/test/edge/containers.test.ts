import { describe, expect, it } from 'vitest'
import { doorArgv, doorName, frontArgv } from '../../src/edge/containers.ts'
import { hostileNames } from './sample.ts'

const door = {
  name: 'shop-r1-door',
  image: 'caddy:2',
  project: 'shop',
  release: 'r1' as const,
  definition: 'abc',
  networks: ['shop-r1_default'],
  directory: '/var/lib/slipway/edge/doors/shop/r1',
  user: { uid: 1000, gid: 1001 },
}

describe('doorArgv', () => {
  it('sees its own directory and its release only, with next to no rights', () => {
    const argv = doorArgv(door)
    expect(argv.slice(0, 4)).toEqual(['run', '--detach', '--name', 'shop-r1-door'])
    expect(argv.filter(each => each.startsWith('type=bind'))).toEqual([
      `type=bind,source=${door.directory},target=/door`,
    ])
    expect(argv[argv.indexOf('--user') + 1]).toBe('1000:1001')
    expect(argv[argv.indexOf('--cap-drop') + 1]).toBe('ALL')
    expect(argv).toContain('--read-only')
    expect(argv.slice(argv.indexOf('--'))).toEqual(['--', 'caddy:2', 'caddy', 'run', '--config', '/door/door.json'])
  })

  it('is created first when it has further networks to join', () => {
    expect(doorArgv({ ...door, networks: ['a', 'b'] })[0]).toBe('create')
  })

  it('refuses names that are more than names', () => {
    for (const name of hostileNames.filter(each => each !== 'A')) {
      expect(() => doorArgv({ ...door, networks: [name] })).toThrow(expect.objectContaining({ code: 'EDGE_FAILED' }))
      expect(() => doorName(name, 'r1')).toThrow(expect.objectContaining({ code: 'EDGE_FAILED' }))
    }
  })
})

describe('frontArgv', () => {
  it('listens on the host and sees only the edge directory', () => {
    const argv = frontArgv({ name: 'slipway-edge', image: 'caddy:2', directory: '/e', volume: 'slipway-edge-data' })
    expect(argv[argv.indexOf('--network') + 1]).toBe('host')
    expect(argv.filter(each => each.startsWith('type='))).toEqual([
      'type=bind,source=/e,target=/edge',
      'type=volume,source=slipway-edge-data,target=/data',
    ])
    expect(argv.filter((_each, index) => argv[index - 1] === '--cap-add')).toEqual(['NET_BIND_SERVICE', 'DAC_OVERRIDE'])
  })
})
