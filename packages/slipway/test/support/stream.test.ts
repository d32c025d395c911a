import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { notStartedExitCode } from '../../src/support/run.ts'
import { stream } from '../../src/support/stream.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-stream-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('flows from file to file', async () => {
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  await writeFile(from, Buffer.alloc(3_000_000, 'x'))
  expect(await stream('cat', [], { input: createReadStream(from), output: createWriteStream(to) })).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '',
  })
  expect((await readFile(to)).length).toBe(3_000_000)
})

test('argv is argv', async () => {
  const result = await stream('printf', ['%s|', '$(id)', ';', '--x', 'a\nb'])
  expect(result.stdout).toBe('$(id)|;|--x|a\nb|')
})

test('a program that is not there', async () => {
  expect(await stream('/no/such/program', [], { input: Readable.from(['x']) })).toMatchObject({
    exitCode: notStartedExitCode,
    stderr: expect.stringContaining('ENOENT') as string,
  })
})

test('a program that fails without reading is told by its exit code', async () => {
  const endless = Readable.from(endlessly())
  const result = await stream('sh', ['-c', 'echo why >&2; exit 3'], { input: endless })
  expect(result).toMatchObject({ exitCode: 3, stderr: 'why\n' })
  expect(result.failure).toBeUndefined()
})

test('a reader that fails ends the program', async () => {
  const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space')) })
  const result = await stream('yes', [], { output: full })
  expect(result.exitCode).not.toBe(0)
  expect(result.failure).toMatchObject({ message: 'no space' })
})

test('a source that fails is a failure, whatever the program says', async () => {
  const result = await stream('cat', [], { input: createReadStream(join(folder, 'not there')) })
  expect(result.failure).toMatchObject({ code: 'ENOENT' })
})

test('an abort is a failure', async () => {
  const result = await stream('sleep', ['20'], { signal: AbortSignal.timeout(100) })
  expect(result.exitCode).not.toBe(0)
  expect(result.failure).toBeDefined()
})

function* endlessly(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65536)
}
