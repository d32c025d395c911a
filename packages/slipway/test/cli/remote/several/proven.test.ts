import { expect, test } from 'vitest'
import { provenByAll, type SeenProof } from '../../../../src/cli/remote/several/proven.ts'
import type { Promotion } from '../../../../src/release/promotion.ts'
import type { Placement } from '../../../../src/config/model.ts'
import { SlipwayError } from '../../../../src/support/errors.ts'

const image = (name: string, digit = '0'): string => `ghcr.io/shop/${name}@sha256:${digit.repeat(64)}`

function proof(server: string, services: string[], change: Partial<Promotion> = {}): SeenProof {
  const images = Object.fromEntries(services.map(name => [name, image(name)]))
  const documents = { 'compose.yaml': 'aa', 'compose.prod.yaml': 'bb' }
  const promotion = { from: 'prod', release: 'r4', version: '1', images, documents, ...change } as Promotion
  return { server, value: { promotion, proof: ['committed by d4'] } }
}

function unwatched({ server, value }: SeenProof): SeenProof {
  return { server, ...(value === undefined ? {} : { value: { ...value, unseen: ['not watched'] } }) }
}

const placement = {
  decides: 'd',
  servers: [
    { name: 'a', services: ['api'] },
    { name: 'b', services: ['api', 'worker'] },
    { name: 'd', services: ['db'] },
  ],
} as unknown as Placement

const both = (...seen: SeenProof[]) => provenByAll('prod', placement, seen)

test('each has its own services of one release; the migrations are those of the one that decides', () => {
  const seen = both(
    proof('a', ['api']),
    unwatched(proof('b', ['api', 'worker'])),
    proof('d', ['api'], { migrationFingerprint: 'ff' }),
  )
  expect(seen).toEqual({
    promotion: expect.objectContaining({
      release: 'r4',
      images: { api: image('api'), worker: image('worker') },
      migrationFingerprint: 'ff',
    }) as Promotion,
    proof: ['a: committed by d4', 'b: committed by d4', 'd: committed by d4'],
    unseen: ['b: not watched'],
  })
})

test.each<[string, SeenProof, RegExp]>([
  ['another release', proof('a', ['api'], { release: 'r3' }), /^a runs r3, and d r4$/],
  ['another image', proof('a', ['api'], { images: { api: image('api', '1') } }), /^the image of api is not the same/],
  ['a service of another server', proof('a', ['api', 'worker']), /^a tells of worker, which has no place there$/],
  ['a tag', proof('a', [], { images: { api: 'ghcr.io/shop/api:1' } }), /^a tells no digest of the image of api; /],
  [
    'other Compose files',
    proof('a', ['api'], { documents: { 'compose.yaml': 'aa' } }),
    /^the Compose files of a are not/,
  ],
])('%s on one of them is not proven by the others', (_what, a, why) => {
  expect(() => both(a, proof('b', ['api', 'worker']), proof('d', []))).toThrow(
    expect.objectContaining({ code: 'PROMOTION_REFUSED', why: expect.stringMatching(why) as string }) as Error,
  )
})

test('a name that was given twice, as after a lost disk, is two releases', () => {
  const { value, ...a } = proof('a', ['api'])
  const lost = { ...a, ...(value === undefined ? {} : { value: { ...value, shared: 'other' } }) }
  expect(() => both(lost, proof('d', []))).toThrow(
    expect.objectContaining({ why: 'the r4 of a is not that of d' }) as Error,
  )
})

test('files in another order are the same files', () => {
  const turned = proof('a', ['api'], { documents: { 'compose.prod.yaml': 'bb', 'compose.yaml': 'aa' } })
  expect(both(turned, proof('d', [])).promotion.images).toEqual({ api: image('api') })
})

test('what is not proven on one server is refused, with its name; so is what the deciding one has not proven', () => {
  const refused = (server: string, why: string): SeenProof => ({
    server,
    error: new SlipwayError('PROMOTION_REFUSED', 'r4 of prod is not proven', { why }),
  })
  const thrown = (why: string): Error => expect.objectContaining({ code: 'PROMOTION_REFUSED', why }) as Error
  expect(() => both(refused('a', 'api-1 is exited'), proof('d', []))).toThrow(thrown('a: api-1 is exited'))
  expect(() => both(refused('a', 'one'), refused('d', 'two'))).toThrow(thrown('a: one; d: two'))
})

test('a server that can not be asked is no proof', () => {
  const error = new SlipwayError('SERVER_UNREACHABLE', 'The server a can not be reached')
  expect(() => both({ server: 'a', error }, proof('d', []))).toThrow(error)
})

test('what was never deployed to a server that was added, or is being changed, is told with its name', () => {
  const error = new SlipwayError('NO_RELEASE', 'Nothing was deployed to prod yet', { next: 'slipway deploy prod' })
  expect(() => both({ server: 'a', error }, proof('d', []))).toThrow(
    expect.objectContaining({
      code: 'NO_RELEASE',
      message: 'a: Nothing was deployed to prod yet',
      next: 'slipway deploy prod',
    }) as Error,
  )
})
