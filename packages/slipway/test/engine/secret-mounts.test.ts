import { describe, expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { mountOwner, ownedSecrets } from '../../src/engine/secret-mounts.ts'
import { parseUser, userOf } from '../../src/engine/user-names.ts'
import type { SlipwayError } from '../../src/support/errors.ts'

const value = Buffer.from('secret')
const owners: Record<string, { uid: number; gid: number }> = {
  api: { uid: 1000, gid: 1000 },
  web: { uid: 33, gid: 33 },
  twin: { uid: 1000, gid: 1000 },
}

describe('secrets as files of their readers', () => {
  const document: ComposeDocument = {
    services: {
      api: { secrets: [{ source: 'key' }, { source: 'plain', target: 'p' }] },
      web: { secrets: [{ source: 'key', target: 'other', uid: '7', mode: '0440' }] },
      twin: { secrets: ['key'] },
      none: {},
    },
    secrets: { key: { value }, plain: { file: '/plain' }, unused: { value } },
  }
  const made = ownedSecrets(
    document,
    (service, mount) => mountOwner(owners[service] ?? { uid: 0, gid: 0 }, mount),
    (_service, key, _value, { uid, gid, mode }) => `/r1/secrets/${uid}-${gid}-${mode.toString(8)}/$${key}`,
  )

  test('services with the same user share a file, others have their own', () => {
    expect(made.files.map(({ path, owner }) => [path, owner])).toEqual([
      ['/r1/secrets/1000-1000-400/$key', { uid: 1000, gid: 1000, mode: 0o400 }],
      ['/r1/secrets/7-33-440/$key', { uid: 7, gid: 33, mode: 0o440 }],
    ])
  })

  test('the document mounts them, holds no value any more, and keeps what is not its business', () => {
    expect(made.document.secrets).toEqual({
      plain: { file: '/plain' },
      'key.1000-1000-400': { file: '/r1/secrets/1000-1000-400/$$key' },
      'key.7-33-440': { file: '/r1/secrets/7-33-440/$$key' },
    })
    expect(made.document.services).toEqual({
      api: {
        secrets: [
          { source: 'key.1000-1000-400', target: 'key' },
          { source: 'plain', target: 'p' },
        ],
      },
      web: { secrets: [{ source: 'key.7-33-440', target: 'other' }] },
      twin: { secrets: [{ source: 'key.1000-1000-400', target: 'key' }] },
      none: {},
    })
    expect(JSON.stringify(made.document)).not.toContain(value.toString('base64'))
  })

  test('nobody may ever write, whatever mode is asked for', () => {
    const user = { uid: 1, gid: 1 }
    for (const [mode, is] of [
      ['0777', 0o444],
      [0o640, 0o440],
      ['rubbish', 0o400],
      [-1, 0o444],
      [undefined, 0o400],
    ] as const) {
      expect(mountOwner(user, { source: 'x', ...(mode === undefined ? {} : { mode }) }).mode).toBe(is)
    }
    expect(mountOwner(user, { source: 'x', uid: '$(id)', gid: '../1' })).toEqual({ uid: 1, gid: 1, mode: 0o400 })
  })
})

describe('users of images', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001:Nöde:/home/node:/bin/sh\n1234:x:7:8::/:\nbroken\n'
  const group = 'root:x:0:\nstaff:x:50:node\n'

  test.each([
    ['', 0, 0],
    ['root', 0, 0],
    ['1000:50', 1000, 50],
  ])('%j is known without looking', (written, uid, gid) => {
    expect(parseUser(written)).toEqual({ uid, gid })
  })

  test.each([
    ['node', 1000, 1001],
    ['node:staff', 1000, 50],
    ['node:7', 1000, 7],
    ['1000', 1000, 1001],
    ['4321', 4321, 0],
    ['4321:staff', 4321, 50],
    ['root:staff', 0, 50],
  ])('%j is looked up', (written, uid, gid) => {
    expect(parseUser(written)).toBeUndefined()
    expect(userOf(written, passwd, group)).toEqual({ uid, gid })
  })

  test.each(['nobody', 'node:nogroup', '$(id)', 'broken', ':', '-1', 'a:b:c'])('%j is not in the image', written => {
    const error = (() => {
      try {
        return userOf(written, passwd, group)
      } catch (thrown) {
        return thrown as SlipwayError
      }
    })()
    expect(error).toMatchObject({ code: 'START_FAILED' })
  })
})
