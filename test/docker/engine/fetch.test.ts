import { chmod, chown, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReleaseId } from '../../../packages/slipway/src/release/model.ts'
import { docker, engineLab, inside, type EngineLab } from './lab.ts'

let lab: EngineLab
beforeAll(async () => {
  lab = await engineLab()
})
afterAll(() => lab.end())

const folderOf = (id: string) => readdir(join(lab.directory, 'releases', id)).catch(() => 'gone')

describe('a release that can not be made', () => {
  test('because its image does not build shows the cause and leaves nothing', async () => {
    await lab.write('Dockerfile', 'FROM redis:7-alpine\nRUN echo "the reason" && exit 9\n')
    await lab.write('token', 'secret')
    await lab.write(
      'compose.yaml',
      'services: { web: { build: ., secrets: [t] } }\nsecrets: { t: { file: ./token } }\n',
    )
    const error = await lab.fetch('r1', { web: 'web' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'BUILD_FAILED', why: expect.stringContaining('exit code: 9') as unknown })
    expect(JSON.stringify((error as { output: string[] }).output)).toContain('the reason')
    expect(await folderOf('r1')).toBe('gone')
  })

  test('because a secret is missing names the file and leaves nothing', async () => {
    await lab.write(
      'compose.yaml',
      'services: { web: { image: "redis:7-alpine", secrets: [t] } }\nsecrets: { t: { file: ./gone.txt } }\n',
    )
    const error = await lab.fetch('r2', { web: 'web' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SECRET_MISSING', message: expect.stringContaining('gone.txt') as unknown })
    expect(await folderOf('r2')).toBe('gone')
  })

  test('because its image is nowhere says so', async () => {
    await lab.write('compose.yaml', 'services: { web: { image: "localhost:1/nothing:1" } }\n')
    await expect(lab.fetch('r3', { web: 'web' })).rejects.toMatchObject({ code: 'REGISTRY_FAILED' })
    expect(await folderOf('r3')).toBe('gone')
  })
})

test('what is built is what lies there, whatever was built before from files of the same size and time', async () => {
  const longAgo = new Date('2026-01-01')
  const builtFrom = async (id: ReleaseId, context: string, content: string) => {
    await lab.write('compose.yaml', `services: { web: { build: ${context}, network_mode: none } }\n`)
    await lab.write(`${context}/Dockerfile`, 'FROM redis:7-alpine\nCOPY version.txt /\n')
    await lab.write(`${context}/version.txt`, content)
    for (const name of ['Dockerfile', 'version.txt']) await utimes(join(lab.folder, context, name), longAgo, longAgo)
    const { images } = await lab.fetch(id, { web: 'web' })
    return docker(['run', '--rm', '--network', 'none', images['web'] ?? '', 'cat', '/version.txt'])
  }
  expect(await builtFrom('r10', 'one/api', '0.1.0')).toBe('0.1.0')
  expect(await builtFrom('r11', 'two/api', '0.2.0')).toBe('0.2.0')
  expect(await builtFrom('r12', 'two/api', '0.3.0')).toBe('0.3.0')
})

describe('hostile names', () => {
  test('of services are built, started and removed like others', async () => {
    await lab.write('Dockerfile', 'FROM redis:7-alpine\n')
    const names = ['--help', 'Web_']
    const services = names.map(name => `  "${name}": { build: ., network_mode: none }`).join('\n')
    await lab.write('compose.yaml', `services:\n${services}\n`)
    const roles = Object.fromEntries(names.map(name => [name, 'worker' as const]))
    const release = await lab.fetch('r4', roles)
    await lab.engine.ensureState(release)
    await lab.engine.start(release)
    expect((await lab.engine.containers(release)).map(each => each.service).sort()).toEqual(names.sort())
    await lab.engine.remove(release, 'at-once')
    expect(await lab.engine.containers(release)).toEqual([])
  })
})

describe('files that containers mount', () => {
  test('come from the release and not from the folder, with owners and modes', async () => {
    await lab.write('conf/$d/a.txt', 'first')
    await lab.write('conf/key', 'secret')
    await chmod(join(lab.folder, 'conf/key'), 0o600)
    if (process.getuid?.() === 0) await chown(join(lab.folder, 'conf/key'), 1000, 1000)
    await lab.write('token', 'one')
    await lab.write(
      'compose.yaml',
      `
services:
  web: { image: "redis:7-alpine", network_mode: none, user: "1000", volumes: ["./conf:/conf:ro", "./data:/data"], secrets: [token, pin] }
secrets: { token: { file: ./token }, pin: { environment: SLIPWAY_TEST_PIN } }
`,
    )
    process.env['SLIPWAY_TEST_PIN'] = '12$$34'
    const release = await lab.fetch('r5', { web: 'web' })
    delete process.env['SLIPWAY_TEST_PIN']
    await writeFile(join(lab.folder, 'conf/$d/a.txt'), 'changed since')
    await writeFile(join(lab.folder, 'token'), 'changed since')
    await lab.engine.ensureState(release)
    await lab.engine.start(release)
    const [web] = await lab.engine.containers(release)
    if (web === undefined) throw new Error('not started')
    expect(await inside(web, 'cat', '/conf/$d/a.txt')).toBe('first')
    expect(await inside(web, 'cat', '/conf/key')).toBe('secret')
    expect(await inside(web, 'cat', '/run/secrets/token')).toBe('one')
    expect(await inside(web, 'cat', '/run/secrets/pin')).toBe('12$$34')
    const source = await docker(['inspect', '--format', '{{range .Mounts}}{{.Source}}\n{{end}}', web.id])
    expect(source.split('\n')).toContain(join(lab.folder, 'data'))
    expect((await stat(release.directory)).mode & 0o777).toBe(0o700)
    await expect(lab.fetch('r6', { web: 'web' })).rejects.toMatchObject({ code: 'SECRET_MISSING' })
    await lab.write('.env', 'SLIPWAY_TEST_PIN=5678\n')
    const again = await lab.fetch('r6', { web: 'web' })
    expect(again.fingerprint).not.toBe(release.fingerprint)
    expect(await readFile(join(again.directory, 'secrets/token'), 'utf8')).toBe('changed since')
    await lab.engine.remove(release, 'at-once')
  })

  test('of an image built for a state service start it from that image', async () => {
    await lab.write('Dockerfile', 'FROM redis:7-alpine\nENV BUILT=yes\n')
    await lab.write('compose.yaml', 'services: { store: { build: ., network_mode: none } }\n')
    const release = await lab.fetch('r7', { store: 'state' })
    expect(await lab.engine.ensureState(release)).toEqual({ changed: ['store'] })
    const id = await docker([
      'ps',
      '--quiet',
      '--filter',
      `label=slipway.project=${lab.project}`,
      '--filter',
      'label=slipway.role=state',
    ])
    expect(await inside(id, 'printenv', 'BUILT')).toBe('yes')
    await lab.engine.remove(release, 'at-once')
  })
})
