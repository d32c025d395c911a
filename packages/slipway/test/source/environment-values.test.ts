import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import { keepValues, visibleVariables } from '../../src/source/environment-values.ts'

let lab: string
beforeEach(async () => {
  lab = await mkdtemp(join(tmpdir(), 'slipway-$values-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(lab, { recursive: true, force: true })
})

const document: ComposeDocument = {
  services: {},
  secrets: { token: { name: 'p_token', environment: 'TOKEN' }, other: { file: '/x' }, '..': { environment: 'EMPTY' } },
  configs: { motd: { environment: 'MOTD' }, inline: { content: 'x' } },
}

test('values of variables become files that a container may read', async () => {
  const value = 'a "$(touch x)" $$ ü\n'
  const kept = await keepValues(document, { TOKEN: value, MOTD: 'hi', EMPTY: '' }, lab)
  const token = kept.document.secrets?.['token']
  expect(token).toEqual({ name: 'p_token', file: token?.file })
  const file = (token?.file ?? '').replaceAll('$$', '$')
  expect(file.startsWith(`${kept.folder}/`)).toBe(true)
  expect(await readFile(file, 'utf8')).toBe(value)
  expect((await stat(file)).mode & 0o777).toBe(0o444)
  expect((await stat(kept.folder ?? '')).mode & 0o777).toBe(0o700)
  expect(kept.document.secrets?.['other']).toEqual({ file: '/x' })
  expect(kept.document.configs?.['inline']).toEqual({ content: 'x' })
  expect(kept.document.configs?.['motd']?.environment).toBeUndefined()
})

test('a missing variable is named, and its secret is not made empty', async () => {
  await expect(keepValues(document, { MOTD: '', EMPTY: '' }, lab)).rejects.toMatchObject({
    code: 'SECRET_MISSING',
    message: 'The variable TOKEN is not set',
  })
})

test('a document that takes no variables stays as it is', async () => {
  const plain: ComposeDocument = { services: {}, secrets: { a: { file: '/x' } } }
  expect(await keepValues(plain, {}, lab)).toEqual({ document: plain, folder: undefined })
})

test('variables come from the environment, and what it lacks from the file', async () => {
  vi.stubEnv('SLIPWAY_TEST_A', 'environment')
  await writeFile(join(lab, '.env'), '# c\nSLIPWAY_TEST_A=file\nSLIPWAY_TEST_B="from file"\nrubbish\n')
  const seen = await visibleVariables(join(lab, '.env'))
  expect([seen['SLIPWAY_TEST_A'], seen['SLIPWAY_TEST_B']]).toEqual(['environment', 'from file'])
  expect((await visibleVariables(join(lab, 'missing')))['SLIPWAY_TEST_A']).toBe('environment')
})
