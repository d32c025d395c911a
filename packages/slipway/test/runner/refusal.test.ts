import { expect, test } from 'vitest'
import { sessionRefusal } from '../../src/runner/refusal.ts'

const server = { name: 'vps', host: 'h', user: 'deploy', port: 22, home: '/var/lib/slipway' }

test.each([
  [127, 'bash: line 1: docker: command not found', 'SERVER_UNSUITABLE', /not installed/],
  [127, 'sh: 1: docker: not found', 'SERVER_UNSUITABLE', /not installed/],
  [
    126,
    'docker: permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
    'SERVER_UNSUITABLE',
    /may not use Docker/,
  ],
  [
    125,
    'docker: Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Post',
    'SERVER_UNSUITABLE',
    /may not use Docker/,
  ],
  [
    125,
    'docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock.',
    'ENGINE_UNAVAILABLE',
    /not answer/,
  ],
  [125, 'docker: Error response from daemon: mkdir /var/lib/docker: no space left on device.', 'DISK_FULL', /full/],
  [1, 'This account is currently not available.', 'SERVER_UNSUITABLE', /code 1/],
])('%i %j', (exitCode, printed, code, why) => {
  expect(sessionRefusal(server, exitCode, printed)).toMatchObject({ code, why: expect.stringMatching(why) })
})

test.each([
  'docker: Error response from daemon: No such image: slipway-runner:1.',
  "Unable to find image 'slipway-runner:1' locally",
])('%j: only the image is missing', printed => {
  expect(sessionRefusal(server, 125, printed)).toBe('absent')
})
