import { expect, test } from 'vitest'
import type { SecretsOfEnvironment } from '../../../src/cli/application.ts'
import { runCli } from '../../../src/cli/run.ts'
import { newIdentity, recipientOf } from '../../../src/secrets/age.ts'
import { newSecrets, withValues } from '../../../src/secrets/change.ts'
import type { OpenSecrets } from '../../../src/secrets/open.ts'
import { undeclared } from '../../../src/secrets/rules.ts'
import { config } from '../../release/sample-config.ts'
import { playedWiring, wellStatus } from '../fixtures/application.ts'

/** `secrets rotate --later` on a file in memory, while a release serves that was made with a revision of it. */
async function environment() {
  const key = await recipientOf(await newIdentity())
  const empty = await newSecrets({ app: 'app', environment: 'prod' }, [{ name: 'me', kind: 'person', key }])
  const state = { held: await withValues(empty, new Map([['JWT', Buffer.from('first')]])), serves: 2 }
  const secrets: SecretsOfEnvironment = {
    config: { ...config, secrets: { ...config.secrets, rules: { JWT: { ...undeclared, previous: 'JWT_OLD' } } } },
    read: async () => state.held.sealed,
    open: async () => state.held,
    findings: async () => [],
    create: () => Promise.reject(new Error('it is there')),
    save: async (after: OpenSecrets) => void (state.held = after),
  }
  const release = { release: 'r1' as const, version: '1', since: '2026-11-21T05:00:00Z' }
  const status = async () => ({ ...wellStatus, current: { ...release, secretsRevision: state.serves } })
  const wiring = { ...playedWiring({ status }), openSecrets: async () => [secrets] }
  const rotate = async (...more: string[]) => {
    let stderr = ''
    const exitCode = await runCli(['secrets', 'rotate', 'prod', 'JWT', '--later', ...more], {
      stdout: { write: () => undefined },
      stderr: { write: text => (stderr += String(text)) },
      variables: {},
      signal: new AbortController().signal,
      now: () => new Date('2026-11-21T05:00:00Z'),
      wiring: async () => wiring,
    })
    return { exitCode, stderr }
  }
  const value = (name: string) => Buffer.from(state.held.values.get(name) ?? '').toString()
  return { state, rotate, value }
}

test('a second rotation before a deployment is refused: the value that serves stays accepted', async () => {
  const { rotate, value } = await environment()
  expect(await rotate()).toMatchObject({ exitCode: 0 })
  expect(value('JWT_OLD')).toBe('first')
  const second = value('JWT')
  const refused = await rotate()
  expect(refused.exitCode).toBe(2)
  expect(refused.stderr).toContain('slipway deploy prod')
  expect([value('JWT_OLD'), value('JWT')]).toEqual(['first', second])
})

test('after a deployment, or on the word of who knows, it goes on', async () => {
  const { state, rotate, value } = await environment()
  await rotate()
  state.serves = state.held.sealed.revision
  const second = value('JWT')
  expect(await rotate()).toMatchObject({ exitCode: 0 })
  expect(value('JWT_OLD')).toBe(second)
  const third = value('JWT')
  expect(await rotate('--deployed')).toMatchObject({ exitCode: 0 })
  expect(value('JWT_OLD')).toBe(third)
})
