import { expect, test } from 'vitest'
import type { Application, SecretsOfEnvironment } from '../../../src/cli/application.ts'
import { runCli } from '../../../src/cli/run.ts'
import { newIdentity, recipientOf } from '../../../src/secrets/age.ts'
import { newSecrets, withValues } from '../../../src/secrets/change.ts'
import type { OpenSecrets } from '../../../src/secrets/open.ts'
import { CalledOff } from '../../../src/support/called-off.ts'
import { SlipwayError, type ErrorCode } from '../../../src/support/errors.ts'
import { config } from '../../release/sample-config.ts'
import { playedWiring } from '../fixtures/application.ts'
import { badGate } from '../fixtures/bad-gate.ts'

const address = 'postgres://shop:login-of-db@db/shop'

/** `secrets rotate` on a file in memory; what it says, and what the file holds in the end. */
async function rotate(parts: Partial<Application>, signal = new AbortController().signal) {
  const key = await recipientOf(await newIdentity())
  const empty = await newSecrets({ app: 'app', environment: 'prod' }, [{ name: 'me', kind: 'person', key }])
  let held: OpenSecrets = await withValues(empty, new Map([['DATABASE_URL', Buffer.from(address)]]))
  const secrets: SecretsOfEnvironment = {
    config: { ...config, database: { service: 'db' } },
    read: async () => held.sealed,
    open: async () => held,
    findings: async () => [],
    create: () => Promise.reject(new Error('it is there')),
    save: async after => {
      held = after
    },
  }
  const wiring = { ...playedWiring(parts), openSecrets: async () => [secrets] }
  let stderr = ''
  const exitCode = await runCli(['secrets', 'rotate', 'prod', 'DATABASE_URL'], {
    stdout: { write: () => undefined },
    stderr: { write: text => (stderr += String(text)) },
    variables: {},
    signal,
    now: () => new Date('2026-11-21T05:00:00Z'),
    wiring: async () => wiring,
  })
  return { exitCode, stderr, file: Buffer.from(held.values.get('DATABASE_URL') ?? '').toString() }
}

test('what serves in the end is what the file says, and what is left of the old login is said', async () => {
  const { exitCode, stderr, file } = await rotate({})
  expect(exitCode, stderr).toBe(0)
  expect(file).toMatch(/^postgres:\/\/shop_slipway_[0-9a-f]{8}:/)
  expect(stderr).toContain(`DATABASE_URL is the login ${new URL(file).username} now, in ${config.secrets.file} and in`)
  expect(stderr).toContain('the password of the role shop still works')
  expect(stderr).not.toContain(new URL(file).password)
})

test('after a release that did not come up the file is as it was', async () => {
  const { exitCode, stderr, file } = await rotate({ deploy: async () => badGate.record })
  expect(exitCode).toBe(3)
  expect(stderr).toContain('DATABASE_URL has its old value again')
  expect(stderr).not.toContain('is the login')
  expect(file).toBe(address)
})

test.each<ErrorCode>(['LOCKED', 'SERVER_UNREACHABLE', 'CONFIG_INVALID'])(
  'where nothing was begun (%s) the file is as it was',
  async code => {
    const { stderr, file } = await rotate({ deploy: () => Promise.reject(new SlipwayError(code, 'No')) })
    expect(file).toBe(address)
    expect(stderr).toContain('has its old value again')
  },
)

test.each<ErrorCode>(['SERVER_LOST', 'RUNNER_FAILED', 'INTERRUPTED'])(
  'where it may go on without us (%s) the file keeps the new one',
  async code => {
    const { stderr, file } = await rotate({ deploy: () => Promise.reject(new SlipwayError(code, 'Gone')) })
    expect(file).not.toBe(address)
    expect(stderr).toContain('whether the new DATABASE_URL comes live is not known here')
  },
)

test('called off before anything was begun: the file is as it was', async () => {
  const { exitCode, stderr, file } = await rotate({ deploy: () => Promise.reject(new CalledOff()) })
  expect(exitCode).toBe(130)
  expect(file).toBe(address)
  expect(stderr).toContain('has its old value again')
})

test('called off while the value was made: nothing is changed, and none is made up', async () => {
  const { exitCode, stderr, file } = await rotate({}, AbortSignal.abort('SIGINT'))
  expect(exitCode).toBe(130)
  expect(file).toBe(address)
  expect(stderr).toContain('nothing was changed')
})
