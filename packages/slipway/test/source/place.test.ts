import { describe, expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { keysOf, placeFiles, type Places } from '../../src/source/place.ts'

const places: Places = { source: '/src', project: '/srv/ada/shop', release: '/srv/releases/r3' }

function placed(document: Partial<ComposeDocument>, more: Partial<Places> = {}) {
  return placeFiles({ services: {}, ...document }, { ...places, ...more })
}

function bind(source: string, more: Record<string, unknown> = {}) {
  return { type: 'bind', source, target: '/in', ...more }
}

function mountOf(result: ReturnType<typeof placed>): string | undefined {
  return result.document.services['web']?.volumes?.[0]?.source
}

const web = (volume: ReturnType<typeof bind>) => ({ services: { web: { volumes: [volume] } } })

describe('a bind mount', () => {
  test('that is read-only is copied into the release', () => {
    const result = placed(web(bind('/src/conf/nginx', { read_only: true, bind: { create_host_path: true } })))
    expect(mountOf(result)).toBe('/srv/releases/r3/mounted/conf/nginx')
    expect(result.copies).toEqual([
      { from: '/src/conf/nginx', to: '/srv/releases/r3/mounted/conf/nginx', fallback: '/srv/ada/shop/conf/nginx' },
    ])
    expect(result.document.services['web']?.volumes?.[0]).toMatchObject({
      read_only: true,
      bind: { create_host_path: true },
    })
  })

  test('that is writable is data: it stays in the folder a person works in', () => {
    const result = placed(web(bind('/src/data')))
    expect(mountOf(result)).toBe('/srv/ada/shop/data')
    expect(result.copies).toEqual([])
  })

  test('of something outside the sources is left alone', () => {
    for (const source of ['/var/run/docker.sock', '/etc/localtime', '/src-other/x', '/', '/src/../etc']) {
      const result = placed(web(bind(source, { read_only: true })))
      expect(mountOf(result)).toBe(source)
      expect(result.copies).toEqual([])
    }
  })

  test('of a file whose name begins with two dots is inside', () => {
    expect(mountOf(placed(web(bind('/src/..data', { read_only: true }))))).toBe('/srv/releases/r3/mounted/..data')
  })

  test('of the whole folder is copied as a whole', () => {
    expect(mountOf(placed(web(bind('/src', { read_only: true }))))).toBe('/srv/releases/r3/mounted')
  })

  test('with a dollar sign is found, and Compose finds it again', () => {
    const result = placed(web(bind('/src/a$$b', { read_only: true })), { project: '/home/$USER' })
    expect(result.copies).toMatchObject([{ from: '/src/a$b', fallback: '/home/$USER/a$b' }])
    expect(mountOf(result)).toBe('/srv/releases/r3/mounted/a$$b')
    expect(mountOf(placed(web(bind('/src/x')), { project: '/home/$USER' }))).toBe('/home/$$USER/x')
  })

  test('of another kind is none of our business', () => {
    const volumes = [
      { type: 'volume', source: 'data', target: '/d' },
      { type: 'tmpfs', target: '/t' },
      { type: 'bind', target: '/n' },
    ]
    const result = placed({ services: { web: { volumes }, bare: {} } })
    expect(result.document.services).toEqual({ web: { volumes }, bare: {} })
  })
})

describe('secrets and configs', () => {
  test('are copied whatever their place; others pass through', () => {
    const result = placed({
      secrets: {
        own: { file: '/src/own.txt' },
        far: { file: '/etc/far' },
        named: { external: true, name: 'x' },
        env: { environment: 'X' },
      },
      configs: { c: { file: '/src/c.conf' }, inline: { content: 'x' } },
    })
    expect(result.document.secrets).toMatchObject({
      own: { file: '/srv/releases/r3/secrets/own' },
      far: { file: '/srv/releases/r3/secrets/far' },
      named: { external: true, name: 'x' },
      env: { environment: 'X' },
    })
    expect(result.document.configs).toMatchObject({
      c: { file: '/srv/releases/r3/configs/c' },
      inline: { content: 'x' },
    })
    expect(result.copies.map(copy => copy.fallback)).toEqual([
      '/srv/ada/shop/own.txt',
      '/etc/far',
      '/srv/ada/shop/c.conf',
    ])
  })

  test.each(['..', '.', '...'])('called %j stay inside the release', key => {
    const [copy] = placed({ secrets: { [key]: { file: '/src/x' } } }).copies
    expect(copy?.to).toMatch(/^\/srv\/releases\/r3\/secrets\/_+$/)
  })
})

describe('what a state service mounts', () => {
  const document: ComposeDocument = {
    services: {
      db: {
        volumes: [bind('/src/db.conf', { read_only: true }), bind('/src/data')],
        secrets: [{ source: 'password', target: '/run/secrets/password' }],
      },
      web: { volumes: [bind('/src/db.conf', { read_only: true })], secrets: [{ source: 'token' }] },
    },
    secrets: { password: { file: '/src/password' }, token: { file: '/src/token' } },
  }
  const contents = new Map([
    ['/src/db.conf', 'c0ffee'],
    ['/src/password', 'beef'],
  ])
  const lasting = { services: new Set(['db']), folder: '/srv/releases/state-files', contents }

  test('lies in a folder named after its content, which no release takes with it', () => {
    const result = placed(document, { lasting })
    expect(result.document.services['db']?.volumes?.map(volume => volume.source)).toEqual([
      '/srv/releases/state-files/c0ffee/db.conf',
      '/srv/ada/shop/data',
    ])
    expect(result.document.services['web']?.volumes?.[0]?.source).toBe('/srv/releases/r3/mounted/db.conf')
    expect(result.document.secrets?.['password']?.file).toBe('/srv/releases/state-files/beef/password')
    expect(result.document.secrets?.['token']?.file).toBe('/srv/releases/r3/secrets/token')
    expect(result.copies.map(copy => copy.lasting ?? false)).toEqual([true, false, true, false])
  })

  test('is therefore the same in every release until it changes', () => {
    const of = (release: string, files = contents) =>
      placed(document, { release, lasting: { ...lasting, contents: files } }).document
    expect(of('/srv/releases/r4').services['db']).toEqual(of('/srv/releases/r3').services['db'])
    const changed = of('/srv/releases/r4', new Map([...contents, ['/src/db.conf', 'other']]))
    expect(changed.services['db']).not.toEqual(of('/srv/releases/r3').services['db'])
  })
})

test('a service names its secrets in either way', () => {
  expect(keysOf(['a', { source: 'b', target: '/x' }, null, 5, {}])).toEqual(['a', 'b'])
  expect(keysOf(undefined)).toEqual([])
})

test('nothing that is given is changed', () => {
  const document: ComposeDocument = {
    services: { web: { volumes: [bind('/src/x', { read_only: true })] } },
    'x-own': { a: 1 },
  }
  const before = structuredClone(document)
  expect(placeFiles(document, places).document['x-own']).toEqual({ a: 1 })
  expect(document).toEqual(before)
})
