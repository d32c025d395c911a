import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layout } from '../../src/store/layout.ts'
import { fileWarm } from '../../src/store/warm.ts'
import { mkdir } from 'node:fs/promises'

let home: string
const place = () => layout('shop-prod', home)

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-warm-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

describe('the note of the warm release', () => {
  test('is read as it was written, and gone when it was cleared, twice too', async () => {
    const warm = fileWarm(place())
    expect(await warm.read()).toBeUndefined()
    await warm.clear()
    await mkdir(place().environment, { recursive: true })
    const note = { release: 'r7', until: '2026-01-01T00:10:00.000Z' } as const
    await warm.write(note)
    expect(await warm.read()).toEqual(note)
    expect((await stat(place().warm)).mode & 0o777).toBe(0o600)
    expect(await readFile(place().warm, 'utf8')).toContain('r7')
    await warm.clear()
    await warm.clear()
    expect(await warm.read()).toBeUndefined()
  })

  test.each(['', 'null', '[]', '{', '{"release":"../x","until":"2026-01-01"}', '{"release":7}', '"r1"'])(
    'rubbish is no note: %s',
    async text => {
      await mkdir(place().environment, { recursive: true })
      await writeFile(place().warm, text)
      expect(await fileWarm(place()).read()).toBeUndefined()
    },
  )

  test('with a time that can not be read it is over', async () => {
    await mkdir(place().environment, { recursive: true })
    await writeFile(place().warm, '{"release":"r1","until":"soon"}')
    expect(await fileWarm(place()).read()).toEqual({ release: 'r1', until: '1970-01-01T00:00:00.000Z' })
  })
})
