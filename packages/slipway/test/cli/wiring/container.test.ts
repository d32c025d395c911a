import { describe, expect, test } from 'vitest'
import { chosen } from '../../../src/cli/wiring/container.ts'
import type { ContainerState } from '../../../src/release/ports.ts'

const release = { id: 'r12' as const }

function container(service: string, number: number, more: Partial<ContainerState> = {}): ContainerState {
  const name = `shop-prod-r12-${service}-${number}`
  const state = { id: name, name, service, status: 'running', health: 'none', exitCode: 0, restarts: 0 } as const
  return { ...state, outOfMemory: false, healthOutput: '', ...more }
}

const web = [container('web', 10), container('web', 2), container('web', 1, { status: 'exited', exitCode: 137 })]

function pick(service: string, replica?: number, containers = [...web, container('db', 1)]) {
  return chosen({ service, ...(replica === undefined ? {} : { replica }) }, release, 'prod', containers)
}

describe('the container that somebody means', () => {
  test('is the first that runs, or the one with that number in their order', () => {
    expect(pick('web').name).toBe('shop-prod-r12-web-2')
    expect(pick('web', 3).name).toBe('shop-prod-r12-web-10')
    expect(pick('db').name).toBe('shop-prod-r12-db-1')
  })

  test('that does not run is told with its state', () => {
    expect(() => pick('web', 1)).toThrow(
      expect.objectContaining({ code: 'CONTAINER_STOPPED', why: 'shop-prod-r12-web-1 has ended with code 137' }),
    )
    const paused = [container('web', 1, { status: 'paused' }), container('web', 2, { status: 'restarting' })]
    expect(() => pick('web', undefined, paused)).toThrow(
      expect.objectContaining({ why: 'shop-prod-r12-web-1 is paused; shop-prod-r12-web-2 is restarting' }),
    )
  })

  test('of a service or number that is not there names those that are', () => {
    expect(() => pick('wep')).toThrow(expect.objectContaining({ code: 'USAGE', why: 'there are db, web' }))
    expect(() => pick('__proto__')).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => pick('web', 4)).toThrow(expect.objectContaining({ code: 'USAGE', why: 'it has 3' }))
    expect(() => pick('web', undefined, [])).toThrow(expect.objectContaining({ why: 'it has no containers' }))
  })
})
