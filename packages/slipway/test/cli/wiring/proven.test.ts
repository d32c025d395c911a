import { describe, expect, test } from 'vitest'
import { containerReasons, imageReasons, recordReasons, saidOf } from '../../../src/cli/wiring/proven.ts'
import type { DeploymentId, DeploymentRecord, ReleaseService } from '../../../src/release/model.ts'
import type { ContainerState } from '../../../src/release/ports.ts'

const web = { name: 'web', role: 'web' } as ReleaseService
const db = { name: 'db', role: 'state' } as ReleaseService
const release = { id: 'r7' as const, services: [web, db], images: { web: 'id-1', db: 'id-2' }, documents: {} }

describe('what is proven', () => {
  test('was committed by a deployment that saw nothing bad of it', () => {
    expect(recordReasons(release, { id: 'd9' })).toEqual([])
    expect(recordReasons(release, undefined)).toEqual(['no deployment has committed r7'])
    expect(recordReasons(release, { id: 'd9', doubt: '12 of 40 requests failed' })).toEqual([
      'd9 saw it do badly: 12 of 40 requests failed',
    ])
    expect(recordReasons({ id: 'r7' }, { id: 'd9' })[0]).toContain('older version of Slipway')
  })

  test('stays in doubt when somebody goes back to it, and stays watched', () => {
    const deployed = (id: DeploymentId, more: Partial<DeploymentRecord> = {}) => ({
      ...{ id, outcome: 'deployed' as const, release: 'r7' as const, startedAt: '' },
      ...more,
    })
    const other = deployed('d8', { release: 'r8' })
    const back = deployed('d9', { kind: 'rollback' })
    const bad = deployed('d7', { doubt: 'it did badly' })
    expect(saidOf(release, [bad, other, back]).record).toBe(bad)
    expect(saidOf(release, [deployed('d7', { watchedMs: 60_000 }), other, back])).toEqual({
      record: back,
      watchedMs: 60_000,
    })
    expect(saidOf(release, [other]).record).toBeUndefined()
  })

  test('has images that a registry knows, and that are still those', () => {
    const digests = { web: 'ghcr.io/web@sha256:00' }
    expect(imageReasons({ ...release, digests }, new Map([['id-1', { digests: [digests.web] }]]))).toEqual([])
    expect(imageReasons(release, new Map())[0]).toContain('was built there and is in no registry')
    for (const images of [new Map(), new Map([['id-1', { digests: ['ghcr.io/web@sha256:01'] }]])]) {
      expect(imageReasons({ ...release, digests }, images)).toEqual([
        'the image of web there is not ghcr.io/web@sha256:00 any more',
      ])
    }
  })

  test('runs in containers of just those, and well', () => {
    const running = {
      ...{ id: '1', service: 'web', name: 'c', status: 'running', health: 'healthy' },
      ...{ restarts: 0, exitCode: 0, outOfMemory: false },
    } as ContainerState
    expect(containerReasons(running, 'id-1', 'id-1')).toEqual([])
    expect(containerReasons({ ...running, health: 'none' }, 'id-1', 'id-1')).toEqual([])
    expect(containerReasons({ ...running, health: 'starting' }, 'id-1', 'id-1')).toEqual(['c is starting'])
    expect(containerReasons({ ...running, status: 'restarting' }, 'id-1', 'id-1')).toEqual([
      'c crashed and was restarted',
    ])
    expect(containerReasons({ ...running, restarts: 240, exitCode: 1 }, 'id-1', 'id-1')).toEqual([
      'c crashed and was restarted (exit code 1)',
    ])
    expect(containerReasons({ ...running, outOfMemory: true }, 'id-1', 'id-1')).toEqual(['c was killed: out of memory'])
    expect(containerReasons(running, 'id-2', 'id-1')).toEqual(['c runs another image than the one recorded'])
  })
})
