import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { quietArguments } from '../../../src/cli/commands/secrets/quiet-editor.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-editor-'))
  for (const name of ['vim.basic', 'nvim', 'busybox', 'nano']) await writeFile(join(folder, name), '')
  await symlink('vim.basic', join(folder, 'alternative'))
  await symlink('alternative', join(folder, 'vi'))
  return () => rm(folder, { recursive: true, force: true })
})

test('vim, under whatever name, keeps nothing beside the text', async () => {
  for (const program of ['vi', 'nvim', join(folder, 'vi'), 'vim']) {
    const argv = await quietArguments(program, `/none:${folder}`)
    expect(argv.slice(0, 3)).toEqual(['-n', '-i', 'NONE'])
    for (const option of ['nobackup', 'nowritebackup', 'noswapfile', 'noundofile'])
      expect(argv.join(' ')).toContain(option)
  }
})

test('another editor is started as it is, also when its name is vi', async () => {
  await rm(join(folder, 'vi'))
  await symlink('busybox', join(folder, 'vi'))
  for (const program of ['vi', 'nano', 'code', '/none/such']) expect(await quietArguments(program, folder)).toEqual([])
})
