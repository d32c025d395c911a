import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { mountsOf } from '../../src/config/compose-secrets.ts'
import type { ComposeDocument } from '../../src/config/document.ts'
import { deliverSecrets, withBuildSecrets } from '../../src/engine/secret-files.ts'
import type { ReleaseService } from '../../src/release/model.ts'

/** Where users can not be told apart (no root here, or a Docker with numbers of its own); with them: test/docker. */
let home = ''
let notes: string[] = []
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-delivery-'))
  notes = []
  vi.spyOn(process, 'getuid').mockReturnValue(1000)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(home, { recursive: true, force: true })
})

const service = (name: string, role: ReleaseService['role']): ReleaseService => ({
  name,
  role,
  hosts: [],
  health: { intervalMs: 1, deadlineMs: 1, timeoutMs: 1 },
  replicas: 1,
  dockerHealth: false,
})

const document = (value: string): ComposeDocument => ({
  services: { api: { secrets: ['key'] }, db: { secrets: ['key'] }, other: {} },
  secrets: { key: { value: Buffer.from(value) }, unused: { value: Buffer.from('unused') }, plain: { file: '/x' } },
})

async function deliver(release: string, value = 'secret-one') {
  const directory = join(home, 'releases', release)
  await mkdir(directory, { recursive: true })
  const services = [service('api', 'web'), service('db', 'state'), service('other', 'worker')]
  return deliverSecrets({ document: document(value), services, images: {}, directory, note: text => notes.push(text) })
}

const fileOf = (made: { document: ComposeDocument }, name: string): string => {
  const [mount] = mountsOf(made.document.services[name])
  return made.document.secrets?.[mount?.source ?? '']?.file ?? ''
}

describe('delivery', () => {
  test('writes files, says that containers can not tell users apart, and leaves no value in the document', async () => {
    const made = await deliver('r1')
    expect(await readFile(fileOf(made, 'api'), 'utf8')).toBe('secret-one')
    expect((await stat(fileOf(made, 'api'))).mode & 0o777).toBe(0o444)
    expect((await stat(join(home, 'releases/r1/secrets'))).mode & 0o777).toBe(0o700)
    expect(notes).toEqual([expect.stringContaining('readable for every user inside a container')])
    expect(Object.keys(made.document.secrets ?? {}).sort()).toHaveLength(3)
    expect(JSON.stringify(made.document)).not.toMatch(/unused|secret-one|"value"/)
  })

  test('what a state service mounts lies beside the releases, and stays the same file while nothing changes', async () => {
    const [first, second, changed] = [await deliver('r1'), await deliver('r2'), await deliver('r3', 'secret-two')]
    expect(fileOf(first, 'db')).toContain('/releases/state-files/')
    expect(fileOf(second, 'db')).toBe(fileOf(first, 'db'))
    expect((await stat(fileOf(second, 'db'))).ino).toBe((await stat(fileOf(first, 'db'))).ino)
    expect(fileOf(changed, 'db')).not.toBe(fileOf(first, 'db'))
    expect(await readFile(fileOf(first, 'db'), 'utf8')).toBe('secret-one')
  })

  test('the fingerprint follows the values and not the release; on another server it is another', async () => {
    const [first, second, changed] = [await deliver('r1'), await deliver('r2'), await deliver('r3', 'secret-two')]
    expect(second.fingerprint).toBe(first.fingerprint)
    expect(changed.fingerprint).not.toBe(first.fingerprint)
    await rm(join(home, 'releases/.naming-key'))
    expect((await deliver('r4')).fingerprint).not.toBe(first.fingerprint)
    expect((await stat(join(home, 'releases/.naming-key'))).mode & 0o777).toBe(0o600)
  })

  test('a file that somebody touched is written anew', async () => {
    const path = fileOf(await deliver('r1'), 'db')
    await chmod(path, 0o644)
    await writeFile(path, 'altered')
    await deliver('r2')
    expect(await readFile(path, 'utf8')).toBe('secret-one')
    expect((await stat(path)).mode & 0o777).toBe(0o444)
  })

  test('a disk that does not take it is an error with its place, and leaves nothing half written', async () => {
    await mkdir(join(home, 'releases'), { recursive: true })
    await writeFile(join(home, 'releases/state-files'), 'in the way')
    await expect(deliver('r1')).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('state-files'),
    })
  })

  test('for a build they are files for its time only, also when it fails', async () => {
    const directory = join(home, 'releases/r1')
    await mkdir(directory, { recursive: true })
    let seen = ''
    const building = withBuildSecrets(document('secret-one'), directory, async given => {
      seen = given.secrets?.['key']?.file ?? ''
      expect(await readFile(seen, 'utf8')).toBe('secret-one')
      expect((await stat(seen)).mode & 0o777).toBe(0o400)
      throw new Error('it does not build')
    })
    await expect(building).rejects.toThrow('it does not build')
    await expect(stat(seen)).rejects.toThrow('ENOENT')
  })
})
