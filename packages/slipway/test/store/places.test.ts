import { mkdtemp, readdir, rm, stat, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layout } from '../../src/store/layout.ts'
import { knownProjects, notePlace, readPlace } from '../../src/store/places.ts'

describe('where the slipway.yaml of an environment lies', () => {
  let home: string

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'places-'))
  })

  afterEach(() => rm(home, { recursive: true, force: true }))

  test('is read as it was noted, and follows a project that was moved', async () => {
    const place = layout('shop-prod', home)
    await notePlace(place, { configFile: '/srv/a "b"\n$(c)/slipway.yaml', environment: 'prod' })
    expect(await readPlace(place)).toEqual({ configFile: '/srv/a "b"\n$(c)/slipway.yaml', environment: 'prod' })
    await notePlace(place, { configFile: '/srv/shop/slipway.yaml', environment: 'prod' })
    expect(await readPlace(place)).toEqual({ configFile: '/srv/shop/slipway.yaml', environment: 'prod' })
    expect((await stat(join(place.environment, 'place.json'))).mode & 0o777).toBe(0o600)
    expect(await readdir(place.environment)).toEqual(['place.json'])
  })

  test.each(['', 'null', '[]', '{', '{"configFile":3}', '{"configFile":"a.yaml","environment":"prod"}'])(
    'rubbish says nothing: %j',
    async text => {
      const place = layout('shop-prod', home)
      await mkdir(place.environment, { recursive: true })
      await writeFile(join(place.environment, 'place.json'), text)
      expect(await readPlace(place)).toBeUndefined()
    },
  )

  test('knows the projects of a machine, and none where there are none', async () => {
    expect(await knownProjects(home)).toEqual([])
    for (const project of ['shop-prod', 'blog-prod']) await mkdir(join(home, 'apps', project), { recursive: true })
    await writeFile(join(home, 'apps', 'a file'), '')
    expect(await knownProjects(home)).toEqual(['blog-prod', 'shop-prod'])
  })
})
