import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { documentFingerprints, mountedFiles } from '../../src/source/documents.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-documents-'))
  await mkdir(join(folder, 'infra'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const compose = 'services:\n  web: { image: "${WEB}", volumes: ["./caddy:/etc/caddy:ro", "./data:/data"] }\n'

async function fingerprint(text: string): Promise<string | undefined> {
  await writeFile(join(folder, 'infra/compose.yml'), text)
  return (await documentFingerprints([join(folder, 'infra/compose.yml')], folder))['infra/compose.yml']
}

test('comments, order and quotes make no difference; values do', async () => {
  const before = await fingerprint('a: 1\nb: { c: x, d: [1, 2] }\n')
  expect(await fingerprint('# said\nb:\n  d: [1, 2]\n  c: "x"\na: 1\n')).toBe(before)
  expect(await fingerprint('a: 1\nb: { c: x, d: [2, 1] }\n')).not.toBe(before)
  expect(await fingerprint('a: "1"\nb: { c: x, d: [1, 2] }\n')).not.toBe(before)
})

test('what is mounted read-only counts, and what containers write to does not', async () => {
  await mkdir(join(folder, 'infra/caddy'))
  await mkdir(join(folder, 'infra/data'))
  await writeFile(join(folder, 'infra/caddy/Caddyfile'), 'one')
  const before = await fingerprint(compose)
  await writeFile(join(folder, 'infra/data/x'), 'written')
  expect(await fingerprint(compose)).toBe(before)
  await writeFile(join(folder, 'infra/caddy/Caddyfile'), 'two')
  const changed = await fingerprint(compose)
  expect(changed).not.toBe(before)
  await rm(join(folder, 'infra/caddy'), { recursive: true })
  expect(await fingerprint(compose)).not.toBe(changed)
})

test('what services share is mounted too', async () => {
  await mkdir(join(folder, 'infra/conf'))
  await writeFile(join(folder, 'infra/conf/app.conf'), 'one')
  const shared = 'x-app: &app { volumes: ["./conf/app.conf:/c:ro"] }\nservices: { web: { <<: *app, image: x } }\n'
  const before = await fingerprint(shared)
  await writeFile(join(folder, 'infra/conf/app.conf'), 'two')
  expect(await fingerprint(shared)).not.toBe(before)
})

test('of all ways to write a mount, those that are read-only and in the project are found', () => {
  expect(
    mountedFiles({
      services: {
        a: {
          volumes: ['./one:/x:ro', './two:/x', 'named:/x:ro', '/abs:/x:ro', '~/h:/x:ro', './${V}:/x:ro', './s:/x:ro,z'],
        },
        b: { volumes: [{ type: 'bind', source: './long', read_only: true }, { type: 'bind', source: './w' }, null, 7] },
        c: null,
        d: { volumes: 'x' },
      },
      configs: { k: { file: './conf' }, e: { environment: 'E' }, n: null },
    }),
  ).toEqual(['./conf', './long', './one', './s'])
  for (const rubbish of [null, 1, 'x', [], { services: [] }, { services: 'x' }])
    expect(mountedFiles(rubbish)).toEqual([])
})

test('what is brought in by include and extends counts, however deep, and a circle ends', async () => {
  const text = 'include: [inc.yaml]\nservices:\n  web: { extends: { file: common.yaml, service: web } }\n'
  const common = join(folder, 'infra/common.yaml')
  await writeFile(join(folder, 'infra/inc.yaml'), 'include: [{ path: [deep.yaml, compose.yml] }]\n')
  await writeFile(join(folder, 'infra/deep.yaml'), 'services: { job: { image: one } }\n')
  await writeFile(common, 'services: { web: { image: x } }\n')
  const before = await fingerprint(text)
  expect(await fingerprint(text)).toBe(before)
  await writeFile(common, 'services: { web: { image: x, privileged: true } }\n')
  const privileged = await fingerprint(text)
  expect(privileged).not.toBe(before)
  await writeFile(join(folder, 'infra/deep.yaml'), 'services: { job: { image: two } }\n')
  expect(await fingerprint(text)).not.toBe(privileged)
  await rm(common)
  expect(await fingerprint(text)).not.toBe(before)
})
