// A dump in a folder that the container of an empty database sees too.
import { linkSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fileBackups } from '../../../packages/slipway/src/backup/backups.ts'
import { fillFromDump } from '../../../packages/slipway/src/postgres/restore.ts'
import type { BegunBackup, Dump } from '../../../packages/slipway/src/release/ports.ts'
import { sample, thorough } from '../sample.ts'
import { docker, filesIn, openLab, type Lab } from './lab.ts'

const inside = '/slipway-dump'
const formats = ['plain', 'custom'] as const
const elsewhere: [string, { linkTo?: Dump['linkTo']; outside?: string; inside?: string }][] = [
  ['the container knows no such folder', { inside: '/nowhere' }],
  ['the folder is another one there', { inside: '/tmp' }],
  ['the folder is not there', { outside: '/proc/slipway' }],
  ['the disk knows no second names', { linkTo: () => false }],
]
let folder: string
let outside: string
let lab: Lab

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-shared-'))
  outside = join(folder, 'shared')
  await mkdir(outside, { mode: 0o700 })
  lab = await openLab({ name: 'shop', extra: ['-v', `${outside}:${inside}:ro`] })
  await lab.sql('shop', 'create table parcel as select i, md5(i::text) as text from generate_series(1, 20000) i')
})
afterAll(async () => {
  await lab.remove()
  await rm(folder, { recursive: true, force: true })
})

const copy = () => ({ server: lab.server, name: 'copy', now: () => new Date() })
const rows = () => lab.sql('copy', 'select count(*) from parcel')

describe.each(formats)('a %s dump', format => {
  // Of a plain one, its tables are counted here.
  const usually = format === 'plain' ? 1 : 0
  let begun: BegunBackup
  let dump: Dump
  let timesRead: number

  beforeAll(async () => {
    const config = { directory: join(folder, format), format, keep: 3, daily: { keepDays: 1 } }
    const backups = fileBackups({ ...lab.server, name: 'shop', config, owner: 'shop-prod', now: () => new Date() })
    begun = backups.begin('pre-deploy', () => undefined)
    const made = await begun.dumped
    const read = () => {
      timesRead += 1
      return made.read()
    }
    dump = { ...made, read }
  })
  afterAll(() => begun.discard())
  beforeEach(async () => {
    timesRead = 0
    await lab.sql('postgres', 'drop database if exists copy with (force)')
    await lab.sql('postgres', 'create database copy template template0')
  })
  afterEach(async () => expect(await filesIn(outside)).toEqual([]))

  test.each(format === 'custom' ? elsewhere : sample(1, elsewhere))(
    'is carried through Docker where %s',
    async (_why, { linkTo, ...folder }) => {
      const other = { ...dump, ...(linkTo === undefined ? {} : { linkTo }) }
      await fillFromDump(copy(), other, { outside, inside, ...folder })
      expect(await rows()).toBe('20000')
      expect(timesRead).toBe(2)
    },
  )

  test('is read from the folder elsewhere, whatever the file is called by then', async () => {
    await fillFromDump(copy(), dump, { outside, inside })
    expect(await rows()).toBe('20000')
    await begun.keep()
    await lab.sql('copy', 'drop table parcel')
    await fillFromDump(copy(), dump, { outside, inside })
    expect(await rows()).toBe('20000')
    expect(timesRead).toBe(2 * usually)
  })

  test.runIf(format === 'custom' || thorough)(
    'is carried through Docker to a container whose user may not read it',
    async () => {
      const other = `${lab.container}-${format}`
      await docker(
        ...['run', '-d', '--name', other, '--user', '999:999', '-v', `${outside}:${inside}:ro`],
        ...['-e', 'POSTGRES_USER=app', '-e', 'POSTGRES_PASSWORD=x', '-e', 'POSTGRES_DB=copy', 'postgres:16-alpine'],
      )
      const ask = (sql: string) =>
        docker('exec', other, 'psql', '-XqAt', '-h', '127.0.0.1', '-U', 'app', 'copy', '-c', sql).catch(String)
      try {
        await expect.poll(() => ask('select 1'), { timeout: 60_000 }).toBe('1')
        const server = { container: async () => other, user: 'app', password: 'x' }
        await fillFromDump({ server, name: 'copy', now: () => new Date() }, dump, { outside, inside })
        expect(await ask('select count(*) from parcel')).toBe('20000')
        expect(timesRead).toBe(2)
      } finally {
        await docker('rm', '--force', '--volumes', other)
      }
    },
  )

  // Whether a plain one has its end is asked of the file before.
  test.runIf(format === 'custom')('that is cut off restores nothing, and says so', async () => {
    const cutOff = join(folder, 'cut off')
    await writeFile(cutOff, (await buffer(dump.read())).subarray(0, -20_000))
    const linkTo = (name: string): boolean => {
      linkSync(cutOff, name)
      return true
    }
    await expect(fillFromDump(copy(), { ...dump, linkTo }, { outside, inside })).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      why: expect.stringContaining('did not restore whole'),
    })
    await expect(rows()).rejects.toThrow(/parcel/)
  })
})
