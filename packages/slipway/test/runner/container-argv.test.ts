import { expect, test } from 'vitest'
import { placesOf, proveMounted } from '../../src/runner/place.ts'
import { runnerArgv, runningRunnersArgv, sessionArgv } from '../../src/runner/container-argv.ts'
import { isRunId, runId } from '../../src/runner/names.ts'
import type { EnvironmentConfig } from '../../src/config/model.ts'

const place = {
  image: 'slipway-runner:1',
  home: '/var/lib/slipway',
  folders: ['/opt/backups'],
  files: ['/etc/key.pem'],
}

test('folders are mounted at the path they have; what is only read, only to be read', () => {
  const argv = sessionArgv({ ...place, project: 'shop-prod', environment: 'prod' })
  expect(argv).toContain('--volume=/var/lib/slipway:/var/lib/slipway')
  expect(argv).toContain('--volume=/opt/backups:/opt/backups')
  expect(argv).toContain('--mount=type=bind,readonly,source=/etc/key.pem,target=/etc/key.pem')
  expect(argv.slice(-4)).toEqual(['slipway-runner:1', '__session', 'shop-prod', 'prod'])
  expect(argv).toContain('--rm')
  expect(argv).toContain('--env=DOCKER_CONFIG=/var/lib/slipway/docker')
})

test('a runner is attached to nobody and is started again when it dies', () => {
  const argv = runnerArgv({ ...place, project: 'shop-prod', run: '20261121T173205-4f2a9c' })
  expect(argv).toContain('--detach')
  expect(argv).toContain('--restart=on-failure')
  expect(argv).toContain('--stop-timeout=10')
  expect(argv).not.toContain('--rm')
  expect(argv).not.toContain('--interactive')
  expect(argv).toContain('--name=slipway-shop-prod-20261121t173205-4f2a9c')
})

test('those that live are told by their label', () => {
  expect(runningRunnersArgv('shop-prod')).toEqual([
    'ps',
    '--filter=label=slipway.runner=shop-prod',
    '--filter=status=running',
    '--format={{.Names}}',
  ])
})

test('runs are named by their time', () => {
  const name = runId(new Date('2026-11-21T17:32:05.123Z'), '4f2a9c')
  expect(name).toBe('20261121T173205-4f2a9c')
  expect(isRunId(name)).toBe(true)
  for (const other of ['../x', '20261121T173205-4f2a9c/..', '', undefined, '--name']) expect(isRunId(other)).toBe(false)
})

const config = { directory: '/srv/me/shop', backups: { directory: '' } } as EnvironmentConfig

test('what lies outside of the project is mounted, what is inside travels', () => {
  const document = {
    services: {},
    secrets: { a: { file: '/srv/me/shop/secrets/a' }, b: { file: '/etc/ssl/b$$c' }, c: { environment: 'C' } },
  }
  const backups = { ...config, backups: { ...config.backups, directory: '/opt/backups' } }
  expect(placesOf(backups, document)).toEqual({ folders: ['/opt/backups'], files: ['/etc/ssl/b$c'] })
  expect(placesOf(config, { services: {} })).toEqual({ folders: [], files: [] })
})

test.each(['/opt/a:b', '/opt/a,readonly=false', '/opt/"x"', '/opt/a\nb'])(
  '%j could not be told apart by Docker',
  path => {
    const odd = { ...config, backups: { ...config.backups, directory: path } }
    expect(() => placesOf(odd, { services: {} })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  },
)

test('a folder that is not mounted is not written to', () => {
  expect(() => proveMounted('/var/lib/slipway/apps/x/backups', place)).not.toThrow()
  expect(() => proveMounted('/opt/backups/deep', place)).not.toThrow()
  expect(() => proveMounted('/opt/backups2', place)).toThrow(expect.objectContaining({ code: 'RUNNER_FAILED' }))
  expect(() => proveMounted('/opt', place)).toThrow(expect.objectContaining({ code: 'RUNNER_FAILED' }))
})
