import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { PsqlProgram } from '../../src/postgres/psql-program.ts'

const fake = join(import.meta.dirname, 'fake-psql.mjs')
const log = join(mkdtempSync(join(tmpdir(), 'slipway-psql-')), 'log')
writeFileSync(log, '')
const open = () => new PsqlProgram(process.execPath, [fake], { FAKE_PSQL_LOG: log })

test('one piece after the other, each with its own answer', async () => {
  const psql = open()
  expect(await psql.run('print one', 5000)).toMatchObject({ exitCode: 0, stdout: 'one\n', stderr: '' })
  expect(await psql.run('', 5000)).toMatchObject({ exitCode: 0, stdout: '' })
  expect(await psql.run('print ü\nprint 0123456789abcdef0123456789abcdef\nprint \\echo x', 5000)).toMatchObject({
    stdout: 'ü\n0123456789abcdef0123456789abcdef\n\\echo x\n',
  })
  expect(psql.usable).toBe(true)
  await psql.close()
  expect(psql.usable).toBe(false)
})

test('a huge answer arrives whole, and an endless one is cut off', async () => {
  const psql = open()
  expect((await psql.run('many 20000', 15_000)).stdout).toHaveLength(20_000 * 1024)
  const endless = await psql.run('many 80000', 15_000)
  expect(endless.exitCode).not.toBe(0)
  expect(endless.stderr).toContain('too long')
  expect(psql.usable).toBe(false)
})

test('an error half way is the result, and that psql is not used again', async () => {
  const psql = open()
  const result = await psql.run('print before\nfail no such thing\nprint after', 5000)
  expect(result).toMatchObject({ exitCode: 3, stdout: 'before\n', timedOut: false })
  expect(result.stderr).toContain('42601: no such thing')
  expect(psql.usable).toBe(false)
  expect(() => psql.run('print more', 5000)).toThrow(/busy or gone/)
})

test('one that is killed, or leaves without a word, has failed', async () => {
  for (const act of ['die', 'leave']) {
    const psql = open()
    const result = await psql.run(`print before\n${act}`, 5000)
    expect(result).toMatchObject({ exitCode: 127, stdout: 'before\n', timedOut: false })
    await psql.close()
  }
})

test('one that does not answer in time is cut off', async () => {
  const psql = open()
  expect(await psql.run('sleep 10000', 300)).toMatchObject({ exitCode: 124, timedOut: true })
  expect(psql.usable).toBe(false)
})

test('one that can not be started says why', async () => {
  const psql = new PsqlProgram('no-such-program-here', [], {})
  expect(await psql.run('print x', 5000)).toMatchObject({
    exitCode: 127,
    stderr: expect.stringContaining('ENOENT') as string,
  })
  await psql.close()
})

test('two at once are refused', async () => {
  const psql = open()
  const first = psql.run('sleep 100', 5000)
  expect(() => psql.run('print x', 5000)).toThrow(/busy or gone/)
  expect((await first).exitCode).toBe(0)
  await psql.close()
})

test('a process that has one left ends all the same, and it ends with it', async () => {
  writeFileSync(log, '')
  const file = join(log, '..', 'leaves.mjs')
  const contents = `
import { PsqlProgram } from './psql-program.ts'
const psql = new PsqlProgram(process.execPath, [${JSON.stringify(fake)}], { FAKE_PSQL_LOG: ${JSON.stringify(log)} })
console.log((await psql.run('print here', 5000)).stdout)`
  const resolveDir = join(import.meta.dirname, '../../src/postgres')
  await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    ...{ outfile: file, bundle: true, platform: 'node', format: 'esm', external: ['execa'], logLevel: 'error' },
  })
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 10_000 })
  expect(stdout.trim()).toBe('here')
  await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 5000 }).toContain('ended')
})
