import { expect, test } from 'vitest'
import { asUploaded } from '../../../src/cli/wiring/uploaded.ts'
import type { EnvironmentConfig } from '../../../src/config/model.ts'
import { layout } from '../../../src/store/layout.ts'

const place = layout('shop-prod', '/var/lib/slipway')
const upload = `${place.uploads}/${'a'.repeat(40)}`
const config = (change: object) =>
  ({
    directory: upload,
    source: { kind: 'directory' },
    server: { name: 'vps' },
    backups: { directory: '', keep: 5 },
    ...change,
  }) as EnvironmentConfig

test('on the server an upload is of this machine, and what must last lies beside it', () => {
  const here = asUploaded(config({ backups: { directory: `${upload}/backups`, keep: 5 } }), place)
  expect(here.server).toBeUndefined()
  expect(here.source).toEqual({ kind: 'upload', lasting: '/var/lib/slipway/apps/shop-prod/files' })
  expect(here.backups).toMatchObject({ directory: '/var/lib/slipway/apps/shop-prod/files/backups', keep: 5 })
})

test('a backup folder of the server stays what it is, and so does the usual one', () => {
  expect(asUploaded(config({ backups: { directory: '/opt/backups' } }), place).backups.directory).toBe('/opt/backups')
  expect(asUploaded(config({}), place).backups.directory).toBe('')
})

test('a folder of this machine is no upload', () => {
  const own = config({ directory: '/srv/shop' })
  expect(asUploaded(own, place)).toBe(own)
})
