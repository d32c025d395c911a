import { afterEach, expect, test, vi } from 'vitest'
import { healthArgv } from '../../src/engine/containers.ts'
import { docker, dockerError, jsonLines } from '../../src/engine/docker.ts'

afterEach(() => vi.unstubAllEnvs())

const failed = (stderr: string, more = {}) => ({ exitCode: 1, stdout: '', stderr, timedOut: false, ...more })

test.each([
  ['Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?', 'ENGINE_UNAVAILABLE'],
  ['error during connect: Get "http://x": EOF', 'ENGINE_UNAVAILABLE'],
  [
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
    'ENGINE_UNAVAILABLE',
  ],
  ['spawn docker ENOENT', 'ENGINE_UNAVAILABLE'],
  ['write /var/lib/docker/x: no space left on device', 'DISK_FULL'],
  ['something else', 'BUILD_FAILED'],
])('%s is %s', (stderr, code) => {
  expect(dockerError(['build'], failed(stderr), { code: 'BUILD_FAILED' }).code).toBe(code)
})

test('a failure names its cause; one that says nothing, its exit code', () => {
  expect(dockerError(['ps'], failed('first\nlast\n')).why).toBe('last')
  expect(dockerError(['ps'], failed('')).why).toBe('exit code 1')
  expect(dockerError(['ps'], failed('', { timedOut: true })).why).toContain('in time')
})

test('without docker there is a sentence and no stack', async () => {
  vi.stubEnv('PATH', '/nowhere')
  await expect(docker(['ps'])).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', next: 'Install Docker Engine.' })
})

test('an engine that is not there is told as such', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock')
  await expect(docker(['ps'])).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
})

test('health checks become argv arrays as Docker itself runs them', () => {
  expect(healthArgv(['CMD', 'curl', '-f', 'http://x/$(y)'])).toEqual(['curl', '-f', 'http://x/$(y)'])
  expect(healthArgv(['CMD-SHELL', 'curl -f x || exit 1'])).toEqual(['/bin/sh', '-c', 'curl -f x || exit 1'])
  for (const none of [[], ['NONE'], ['CMD'], ['CMD-SHELL'], ['other', 'x']]) expect(healthArgv(none)).toBeUndefined()
})

test('output of several objects is read line by line', () => {
  expect(jsonLines('{"a":1}\n\n{"b":2}\n')).toEqual([{ a: 1 }, { b: 2 }])
})
