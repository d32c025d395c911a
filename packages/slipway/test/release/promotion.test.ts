import { describe, expect, test } from 'vitest'
import { reasonsAgainst, type Promotion, type PromotionTarget } from '../../src/release/promotion.ts'

const promotion: Promotion = {
  from: 'staging',
  release: 'r7',
  version: '4f2a9c1',
  images: { api: 'a', worker: 'w' },
  documents: { 'compose.yaml': 'one', 'compose.staging.yaml': 'two' },
  migrationFingerprint: 'm1',
}
const target: PromotionTarget = {
  environment: 'prod',
  documents: { 'compose.yaml': 'one', 'compose.prod.yaml': 'three' },
  migrationFingerprint: 'm1',
  services: [
    { name: 'api', pinned: false },
    { name: 'worker', pinned: false },
  ],
}
const against = (more: Partial<PromotionTarget>) => reasonsAgainst(promotion, { ...target, ...more })

describe('what was tested is what runs', () => {
  test('with common files as they were; an environment has files of its own', () => {
    expect(against({})).toEqual([])
    const { migrationFingerprint: _none, ...without } = target
    expect(reasonsAgainst(promotion, without)).toEqual([])
  })

  test('not with another common file, nor without any', () => {
    expect(against({ documents: { 'compose.yaml': 'other' } })).toEqual([
      'compose.yaml, or what it mounts read-only, is not as it is in r7 of staging',
    ])
    expect(against({ documents: { 'compose.prod.yaml': 'one' } })[0]).toContain('no Compose file in common')
    expect(against({ documents: { toString: 'one' } })[0]).toContain('no Compose file in common')
  })

  test('not with other migrations, or where nobody knows which it had', () => {
    expect(against({ migrationFingerprint: 'm2' })).toEqual(['the migrations here are not those of r7 of staging'])
    const { migrationFingerprint: _none, ...unknown } = promotion
    expect(reasonsAgainst(unknown, target)).toHaveLength(1)
  })

  test('not with an image that a file of its own gives', () => {
    const own = { name: 'api', pinned: false, ownImage: { file: 'compose.prod.yaml', image: 'x:1' } }
    expect(against({ services: [own] })).toEqual(['compose.prod.yaml gives api another image: x:1'])
  })

  test('a service of its own needs a digest', () => {
    const ownImage = { file: 'compose.prod.yaml', image: 'x' }
    expect(against({ services: [{ name: 'exporter', pinned: false, ownImage }] })[0]).toContain(
      'staging runs no exporter',
    )
    expect(against({ services: [{ name: 'exporter', pinned: true, ownImage }] })).toEqual([])
    // In a common file it should have run there as well.
    expect(against({ services: [{ name: 'constructor', pinned: true }] })).toHaveLength(1)
  })

  test('all reasons are told at once', () => {
    expect(
      against({
        documents: { 'compose.yaml': 'x' },
        migrationFingerprint: 'x',
        services: [{ name: 'z', pinned: false }],
      }),
    ).toHaveLength(3)
  })
})
