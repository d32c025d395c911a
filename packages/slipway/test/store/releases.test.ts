import { mkdir, mkdtemp, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Release, ReleaseId } from '../../src/release/model.ts'
import { layout, type Layout } from '../../src/store/layout.ts'
import { fileReleases, isReleaseId, writeRelease } from '../../src/store/releases.ts'

let home: string
let places: Layout

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-releases-'))
  places = layout('shop-prod', home)
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function make(id: ReleaseId): Promise<Release> {
  const release: Release = {
    id,
    app: 'shop',
    environment: 'prod',
    project: 'shop-prod',
    createdAt: '2030-01-01T00:00:00.000Z',
    version: 'abc',
    services: [],
    images: {},
    fingerprint: 'f',
    stateFingerprint: 's',
    directory: places.release(id),
  }
  await writeRelease(release)
  return release
}

describe('releases', () => {
  test('there are none at first', async () => {
    const releases = fileReleases(places)
    expect(await releases.current()).toBeUndefined()
    expect(await releases.all()).toEqual([])
    expect(await releases.nextId()).toBe('r1')
  })

  test('are read as they were written, in the order of their numbers', async () => {
    const [second, tenth] = [await make('r2'), await make('r10')]
    expect(await fileReleases(places).all()).toEqual([second, tenth])
    expect(await fileReleases(places).get('r10')).toEqual(tenth)
    expect(await fileReleases(places).nextId()).toBe('r11')
    expect((await stat(join(places.release('r2'), 'release.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(places.release('r2'))).mode & 0o777).toBe(0o700)
  })

  test('a folder without its description is no release, but its number is taken', async () => {
    await make('r1')
    await mkdir(places.release('r2'), { recursive: true })
    await writeFile(join(places.release('r2'), 'release.json.abc.partial'), '{"id":')
    const releases = fileReleases(places)
    expect(await releases.get('r2')).toBeUndefined()
    expect((await releases.all()).map(each => each.id)).toEqual(['r1'])
    expect(await releases.nextId()).toBe('r3')
  })

  test('hostile names in the folder are not looked at', async () => {
    await make('r1')
    const strangers = [
      'r0',
      'r01',
      'r-1',
      'rm -rf',
      '$(touch x)',
      'r1;ls',
      '--help',
      'r2\n',
      'R3',
      'r1e3',
      'state-files',
    ]
    for (const name of strangers) {
      expect(isReleaseId(name)).toBe(false)
      await mkdir(join(places.releases, name))
      await writeFile(join(places.releases, name, 'release.json'), '{"id":"r99"}')
    }
    expect((await fileReleases(places).all()).map(each => each.id)).toEqual(['r1'])
    expect(await fileReleases(places).nextId()).toBe('r2')
  })

  test('a name that is none neither reads nor removes anything', async () => {
    await make('r1')
    const releases = fileReleases(places)
    for (const name of ['../releases/r1', '..', '', 'r1/..', '/etc'] as string[] as ReleaseId[]) {
      expect(await releases.get(name)).toBeUndefined()
      await releases.remove(name)
    }
    expect(await readdir(places.releases)).toEqual(['r1'])
    await releases.remove('r1')
    await releases.remove('r1')
    expect(await releases.all()).toEqual([])
  })
})

describe('the current release', () => {
  test('is a link that one rename moves, whatever an earlier crash left', async () => {
    const releases = fileReleases(places)
    await make('r1')
    const second = await make('r2')
    await releases.setCurrent('r1')
    await symlink('releases/r7', `${places.current}.next`)
    await releases.setCurrent('r2')
    expect(await readlink(places.current)).toBe('releases/r2')
    expect(await releases.current()).toEqual(second)
    expect((await readdir(places.environment)).sort()).toEqual(['current', 'releases'])
  })

  test('is there at every moment while it is moved', async () => {
    const releases = fileReleases(places)
    await make('r1')
    await make('r2')
    await releases.setCurrent('r1')
    let moving = true
    let looks = 0
    const looker = (async () => {
      for (; moving; looks++) expect(await releases.current()).toBeDefined()
    })()
    for (let round = 0; round < 50; round++) await releases.setCurrent(round % 2 === 0 ? 'r2' : 'r1')
    moving = false
    await looker
    expect(looks).toBeGreaterThan(10)
  })

  test('is none when the link leads to what is no release', async () => {
    for (const target of ['/etc/passwd', 'releases/../../x', 'releases/r5', '', 'r1; ls'].filter(Boolean)) {
      await mkdir(places.environment, { recursive: true })
      await rm(places.current, { force: true })
      await symlink(target, places.current)
      expect(await fileReleases(places).current()).toBeUndefined()
    }
  })

  test('that is damaged is said to be damaged: it must not count as none', async () => {
    await make('r1')
    const releases = fileReleases(places)
    await releases.setCurrent('r1')
    await writeFile(join(places.release('r1'), 'release.json'), '{"id":"r1"')
    await expect(releases.current()).rejects.toMatchObject({ code: 'NO_RELEASE' })
    expect(await releases.all()).toEqual([])
    await rm(places.current)
    await writeFile(places.current, 'r1')
    await expect(releases.current()).rejects.toMatchObject({ code: 'NO_RELEASE' })
  })
})
