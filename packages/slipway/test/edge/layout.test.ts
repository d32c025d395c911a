import { describe, expect, it } from 'vitest'
import { edgeLayout, inDoor, inFront, longestSocketPath } from '../../src/edge/layout.ts'
import { hostileNames } from './sample.ts'

describe('edgeLayout', () => {
  const layout = edgeLayout('/var/lib/slipway/edge')

  it('is one place for each thing', () => {
    expect(layout.site('shop')).toBe('/var/lib/slipway/edge/sites/shop.json')
    expect(layout.live('shop')).toBe('/var/lib/slipway/edge/doors/shop/live')
    expect(layout.door('shop', 'r3').config).toBe('/var/lib/slipway/edge/doors/shop/r3/door.json')
    expect(layout.door('shop', 'hold').socket('web')).toBe('/var/lib/slipway/edge/doors/shop/hold/web.sock')
    expect(inFront.liveSocket('shop', 'web')).toBe('/edge/doors/shop/live/web.sock')
  })

  it('leaves a service named admin its own socket', () => {
    expect(layout.door('shop', 'r3').socket('admin')).not.toBe(layout.door('shop', 'r3').admin)
    expect(inDoor.socket('admin')).not.toBe(inDoor.admin)
  })

  it('refuses names that are more than names', () => {
    for (const name of hostileNames) {
      const refused = expect.objectContaining({ code: 'EDGE_FAILED' })
      expect(() => layout.site(name)).toThrow(refused)
      expect(() => layout.live(name)).toThrow(refused)
      expect(() => layout.door('shop', name)).toThrow(refused)
      expect(() => layout.door('shop', 'r1').socket(name)).toThrow(refused)
      expect(() => inFront.liveSocket('shop', name)).toThrow(refused)
    }
  })

  it('says early that a socket path is too long', () => {
    const service = 's'.repeat(100)
    expect(() => layout.door('shop', 'r1').socket(service)).toThrow(
      expect.objectContaining({ code: 'EDGE_FAILED', next: expect.stringContaining('SLIPWAY_HOME') }),
    )
    const exactly = 's'.repeat(longestSocketPath - '/var/lib/slipway/edge/doors/shop/r1/.sock'.length)
    expect(layout.door('shop', 'r1').socket(exactly)).toHaveLength(longestSocketPath)
    expect(() => layout.door('shop', 'r1').socket(`${exactly}s`)).toThrow()
  })

  it.each(['relative', '/with,comma', '/with"quote', '/with\nline'])('refuses the directory %j', directory => {
    expect(() => edgeLayout(directory)).toThrow()
  })
})
