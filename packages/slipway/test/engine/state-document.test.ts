import { describe, expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { hash, stateDocument, wantedState } from '../../src/engine/state-document.ts'
import { document, images, services } from './sample.ts'

const made = stateDocument(document, 'shop-prod', services, images)

function changed(change: (copy: ComposeDocument) => void, others = images): Map<string, string> {
  const copy = structuredClone(document)
  change(copy)
  return wantedState(stateDocument(copy, 'shop-prod', services, others))
}

describe('the document of the state services', () => {
  test('has them as they are, with their fixed ports and names', () => {
    expect(made.name).toBe('shop-prod')
    expect(Object.keys(made.services).sort()).toEqual(['cache', 'db'])
    expect(made.services['db']).toEqual({
      image: 'postgres:16-alpine',
      ports: [{ target: 5432, published: '5432', host_ip: '127.0.0.1' }],
      labels: {
        backup: 'yes',
        'slipway.project': 'shop-prod',
        'slipway.role': 'state',
        'slipway.state': wantedState(made).get('db'),
      },
      networks: { inner: { aliases: ['database'] }, storage: null },
      volumes: [{ type: 'volume', source: 'data', target: '/var/lib/postgresql/data' }],
      secrets: [{ source: 'password', target: '/run/secrets/password' }],
      depends_on: { cache: { condition: 'service_started' } },
    })
  })

  test('names the image that was built for one that is built', () => {
    expect(made.services['cache']?.image).toBe('sha256:eeee')
    expect(made.services['cache']?.build).toBeUndefined()
  })

  test('keeps networks, volumes and everything else', () => {
    expect(made.networks?.['inner']).toEqual(document.networks?.['inner'])
    expect(made.networks?.['proxy']).toEqual({ name: 'company-proxy', external: true })
    expect(made.volumes?.['data']).toEqual({ name: 'shop-prod_data', external: true })
    expect(made['x-team']).toEqual({ owner: 'ada' })
    expect(made.secrets).toEqual(document.secrets)
  })
})

describe('the hash of a definition', () => {
  const before = wantedState(made)

  test('does not depend on the order of keys', () => {
    expect(hash({ a: 1, b: { c: [1, 2], d: null } })).toBe(hash({ b: { d: null, c: [1, 2] }, a: 1 }))
    expect(hash({ a: 1, b: undefined })).toBe(hash({ a: 1 }))
    const turned = changed(copy => {
      const db = copy.services['db'] ?? {}
      copy.services['db'] = Object.fromEntries(Object.entries(db).toReversed())
    })
    expect(turned).toEqual(before)
  })

  test('tells apart what differs', () => {
    const values = [1, '1', null, [1], [], {}, { a: 1 }, [['a', 1]], 'null', true, '{"a":1}', [1, [2]], [[1], 2], '']
    expect(new Set(values.map(hash)).size).toBe(values.length)
  })

  test('follows the definition of its own service only', () => {
    const after = changed(copy => {
      copy.services['db'] = { ...copy.services['db'], command: ['postgres', '-c', 'max_connections=50'] }
    })
    expect(after.get('db')).not.toBe(before.get('db'))
    expect(after.get('cache')).toBe(before.get('cache'))
  })

  test('follows the content of the secrets that the service is given, and of no others', () => {
    const password = changed(
      copy => (copy.secrets = { ...copy.secrets, password: { file: '/r/state-files/other/password' } }),
    )
    expect(password.get('db')).not.toBe(before.get('db'))
    const token = changed(copy => (copy.secrets = { ...copy.secrets, token: { file: '/r9/secrets/token' } }))
    expect(token).toEqual(before)
  })

  test('follows an image that is built, and not a tag that moved', () => {
    expect(changed(() => undefined, { ...images, db: 'sha256:new' })).toEqual(before)
    expect(changed(() => undefined, { ...images, cache: 'sha256:new' }).get('cache')).not.toBe(before.get('cache'))
  })

  test('does not follow web services and workers', () => {
    const after = changed(copy => {
      copy.services['api'] = { image: 'another' }
    })
    expect(after).toEqual(before)
  })
})
