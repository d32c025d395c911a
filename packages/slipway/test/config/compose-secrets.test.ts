import { describe, expect, test } from 'vitest'
import { mountsOf, variablesOf, withSecrets } from '../../src/config/compose-secrets.ts'
import type { ComposeDocument } from '../../src/config/document.ts'
import { type SecretRule, undeclared } from '../../src/secrets/rules.ts'
import { bytesOf } from '../secrets/keys.ts'

const rule = (given: Partial<SecretRule>): SecretRule => ({ ...undeclared, ...given })
const document: ComposeDocument = {
  services: {
    api: { secrets: [{ source: 'db', target: 'password' }], environment: { A: '1' } },
    worker: { secrets: ['key'] },
    web: {},
  },
  secrets: {
    db: { file: '/project/secrets/db.txt' },
    key: { environment: 'WORKER_KEY' },
    other: { file: '/o' },
    far: { external: true },
  },
}

describe('values in a resolved document', () => {
  test('take the place of files and variables of the same name, and of nothing else', () => {
    const made = withSecrets(document, bytesOf({ db: 'one', WORKER_KEY: 'two', far: 'three', UNUSED: 'x' }), {})
    expect(made.secrets).toEqual({
      db: { value: Buffer.from('one') },
      key: { value: Buffer.from('two') },
      other: { file: '/o' },
      far: { external: true },
    })
    expect(made.services).toEqual(document.services)
  })

  test('reach the services that slipway.yaml names, as files with their variable', () => {
    const made = withSecrets(document, bytesOf({ JWT: 'a', 'with-dash': 'b' }), {
      JWT: rule({ services: ['api', 'web', 'unknown', 'constructor'] }),
      'with-dash': rule({ services: ['web'] }),
    })
    expect(mountsOf(made.services['api'])).toEqual([
      { source: 'db', target: 'password' },
      { source: 'JWT', target: 'JWT' },
    ])
    expect(made.services['api']?.environment).toEqual({ A: '1', JWT_FILE: '/run/secrets/JWT' })
    expect(made.services['web']).toEqual({
      secrets: [
        { source: 'JWT', target: 'JWT' },
        { source: 'with-dash', target: 'with-dash' },
      ],
      environment: { JWT_FILE: '/run/secrets/JWT' },
    })
    expect(Object.keys(made.services)).toEqual(['api', 'worker', 'web'])
  })

  test('reach them as variables when that is said, and every dollar stays one', () => {
    const made = withSecrets(document, bytesOf({ TOKEN: 'a$b${C}' }), {
      TOKEN: rule({ services: ['web'], as: 'variable' }),
    })
    expect(made.services['web']?.environment).toEqual({ TOKEN: 'a$$b$${C}' })
  })

  test('a variable that the app set for its file is left alone', () => {
    const own: ComposeDocument = { services: { web: { environment: { JWT_FILE: '/elsewhere' } } } }
    const made = withSecrets(own, bytesOf({ JWT: 'a' }), { JWT: rule({ services: ['web'] }) })
    expect(made.services['web']?.environment).toEqual({ JWT_FILE: '/elsewhere' })
  })

  test('nothing is done without values', () => {
    expect(withSecrets(document, new Map(), { JWT: rule({ services: ['web'] }) })).toBe(document)
  })

  test('Compose gets what can be a variable', () => {
    const values = new Map([
      ...bytesOf({ GOOD: 'a\nb', 'no-name': 'x', NUL: 'a\0b' }),
      ['BINARY', Buffer.from([255])],
    ] as const)
    expect(variablesOf(values)).toEqual({ GOOD: 'a\nb' })
  })
})
