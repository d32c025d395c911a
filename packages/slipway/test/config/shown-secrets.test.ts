import { describe, expect, test } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { shownSecrets } from '../../src/config/shown-secrets.ts'
import { bytesOf } from '../secrets/keys.ts'

describe('secrets that Docker shows', () => {
  test('in variables and build arguments, also inside longer values', () => {
    const given: ComposeDocument = {
      services: {
        web: { environment: { URL: 'redis://:pass$$word@cache', N: null }, build: { args: { KEY: 'pass$$word' } } },
      },
    }
    expect(shownSecrets(given, bytesOf({ PW: 'pass$word', SHORT: 'r' }))).toEqual([
      { name: 'PW', service: 'web', place: 'its variable URL', shownBy: 'docker inspect' },
      { name: 'PW', service: 'web', place: 'the build argument KEY', shownBy: 'docker history' },
    ])
  })

  test('in whatever else a container is made with, but not in what is mounted as a file', () => {
    const given: ComposeDocument = {
      services: {
        web: {
          command: ['serve', '--key=pass$$word'],
          labels: { 'traefik.auth': 'user:pass$$word' },
          healthcheck: { test: ['CMD', 'ask', 'pass$$word'] },
          logging: { options: { pass$$word: 'x' } },
          ports: [{ target: 80 }],
          secrets: [{ source: 'PW', target: 'PW' }],
        },
      },
      volumes: { share: { driver_opts: { o: 'username=app,password=pass$$word' } }, plain: null },
      secrets: { PW: { value: Buffer.from('pass$word') } },
    }
    const shown = shownSecrets(given, bytesOf({ PW: 'pass$word' })).map(({ service, place }) => `${service}: ${place}`)
    expect(shown).toEqual([
      'web: its command',
      'web: its labels',
      'web: its healthcheck',
      'web: its logging',
      'the volume share: its driver_opts',
    ])
  })
})
