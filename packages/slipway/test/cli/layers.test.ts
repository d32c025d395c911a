import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../src/support/run.ts'

/** The layer rules are only worth something when a forbidden import fails: each is tried in a copy of the tree's shape. */
const root = join(import.meta.dirname, '../../../..')
let place = ''

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'slipway-layers-'))
  await copyFile(join(root, '.oxlintrc.json'), join(place, '.oxlintrc.json'))
  await symlink(join(root, 'node_modules'), join(place, 'node_modules'))
})

afterAll(() => rm(place, { recursive: true, force: true }))

async function lint(file: string, source: string): Promise<{ exitCode: number; output: string }> {
  const path = join(place, 'packages/slipway/src', file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, source)
  const { exitCode, stdout } = await run(join(root, 'node_modules/.bin/oxlint'), ['--deny-warnings', path], {
    directory: place,
  })
  await rm(path)
  return { exitCode, output: stdout }
}

const importing = (from: string): string => `import { thing } from '${from}'\n\nexport const other = thing\n`

describe('imports go down only', () => {
  test.each([
    ['support/a.ts', '../config/model.ts'],
    ['support/a.ts', '../secrets/rules.ts'],
    ['secrets/a.ts', '../config/model.ts'],
    ['config/a.ts', '../release/model.ts'],
    ['release/a.ts', '../secrets/open.ts'],
    ['release/a.ts', '../engine/engine.ts'],
    ['release/a.ts', '../config/load.ts'],
    ['release/steps/a.ts', '../../config/load.ts'],
    ['release/steps/a.ts', '../../postgres/dump.ts'],
    ['release/a.ts', 'node:fs'],
    ['store/a.ts', '../engine/engine.ts'],
    ['postgres/a.ts', '../engine/engine.ts'],
    ['engine/a.ts', '../backup/backups.ts'],
    ['edge/a.ts', '../cli/context.ts'],
    ['backup/a.ts', '../cli/context.ts'],
  ])('%s may not import %s', async (file, from) => {
    const { exitCode, output } = await lint(file, importing(from))
    expect(output).toContain('no-restricted-imports')
    expect(exitCode).toBe(1)
  })

  test.each([
    ['config/a.ts', '../support/errors.ts'],
    ['config/a.ts', '../secrets/rules.ts'],
    ['release/steps/a.ts', '../../config/model.ts'],
    ['release/a.ts', './model.ts'],
    ['engine/a.ts', '../release/ports.ts'],
    ['backup/a.ts', '../postgres/dump.ts'],
    ['cli/wiring/a.ts', '../../backup/backups.ts'],
  ])('%s may import %s', async (file, from) => {
    expect(await lint(file, importing(from))).toMatchObject({ exitCode: 0 })
  })

  test.each([
    ['a shell', `import { exec } from 'node:child_process'\n\nexport const run = exec\n`, 'no-restricted-imports'],
    ['any', 'export const value: any = 1\n', 'no-explicit-any'],
    ['a non-null assertion', 'export const first = (list: number[]): number => list[0]!\n', 'no-non-null-assertion'],
    ['ts-ignore', '// @ts-ignore\nexport const value = 1\n', 'ban-ts-comment'],
  ])('%s is refused', async (_what, source, rule) => {
    const { exitCode, output } = await lint('engine/a.ts', source)
    expect(output).toContain(rule)
    expect(exitCode).toBe(1)
  })
})
