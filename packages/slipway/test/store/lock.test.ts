import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { fileLock, lockHolder, operator } from '../../src/store/lock.ts'
import { SlipwayError } from '../../src/support/errors.ts'

let folder: string
let program: string
let file: string
let count = 0
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-lock-'))
  program = join(folder, 'holder.mjs')
  await build({
    stdin: {
      contents: `
        import { fileLock } from './lock.ts'
        process.on('SIGINT', () => undefined)
        try {
          const lock = await fileLock(process.argv[2]).acquire(process.argv[3])
          console.log('held')
          process.stdin.once('data', async () => { await lock.release(); console.log('released'); process.stdin.pause() })
        } catch (error) {
          console.log(error.code ?? String(error))
          process.exitCode = 5
        }`,
      resolveDir: new URL('../../src/store', import.meta.url).pathname,
      loader: 'ts',
    },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
})

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function freshFile(): string {
  file = join(folder, `app-${++count}`, 'lock')
  return file
}

/** Another process that asks for the lock; `answer` is what it says first. */
function other(purpose: string): { child: ChildProcess; answer: Promise<string> } {
  const child = spawn(process.execPath, [program, file, purpose], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  children.push(child)
  const answer = once(child.stdout, 'data').then(([data]) => String(data).trim())
  return { child, answer }
}

async function holder(purpose = 'deploy to prod'): Promise<ChildProcess> {
  const { child, answer } = other(purpose)
  expect(await answer).toBe('held')
  return child
}

async function failure(promise: Promise<unknown>): Promise<SlipwayError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof SlipwayError) return error
  throw new Error(`expected a SlipwayError, got ${String(error)}`)
}

describe('the lock', () => {
  test('tells a second process who holds it, since when and why', async () => {
    freshFile()
    const child = await holder('deploy to prod')
    const error = await failure(fileLock(file).acquire('rollback'))
    expect(error.code).toBe('LOCKED')
    expect(error.exitCode).toBe(5)
    expect(error.why).toContain(operator())
    expect(error.why).toContain(`process ${child.pid}`)
    expect(error.why).toContain('deploy to prod')
    expect(error.why).toMatch(/since \d{4}-\d\d-\d\dT/)
  })

  test('is readable by its owner alone, and so is its folder', async () => {
    freshFile()
    await holder('deploy')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700)
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ purpose: 'deploy', by: operator() })
    expect(await lockHolder(file)).toMatchObject({ purpose: 'deploy' })
  })

  test('is free at once when its holder is killed, and nobody is said to hold it', async () => {
    freshFile()
    const child = await holder()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const startedAt = performance.now()
    const lock = await fileLock(file).acquire('next')
    expect(performance.now() - startedAt).toBeLessThan(2000)
    await lock.release()

    const again = await holder()
    again.kill('SIGKILL')
    await once(again, 'exit')
    await vi.waitFor(async () => expect(await lockHolder(file)).toBeUndefined())
    expect(await readFile(file, 'utf8')).not.toBe('')
  })

  test('stays when Ctrl-C reaches the whole group of a holder that works on', async () => {
    freshFile()
    const child = await holder()
    if (child.pid === undefined) throw new Error('not started')
    process.kill(-child.pid, 'SIGINT')
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(child.exitCode).toBeNull()
    expect((await failure(fileLock(file).acquire('x'))).code).toBe('LOCKED')
  })

  test('is free again after its release, and releasing twice harms nobody', async () => {
    freshFile()
    const first = await fileLock(file).acquire('first')
    await first.release()
    expect(await lockHolder(file)).toBeUndefined()
    const second = await fileLock(file).acquire('second')
    await first.release()
    expect(await lockHolder(file)).toMatchObject({ purpose: 'second' })
    expect((await failure(fileLock(file).acquire('third'))).code).toBe('LOCKED')
    await second.release()
  })

  test('goes to exactly one of twenty processes that race for it', async () => {
    freshFile()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => other(`racer ${index}`).answer))
    expect(answers.filter(answer => answer === 'held')).toHaveLength(1)
    expect(answers.filter(answer => answer === 'LOCKED')).toHaveLength(19)
  }, 60_000)

  test('is not lost when somebody only looks whether it is free', async () => {
    freshFile()
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, JSON.stringify({ by: 'ghost', since: 'long ago', purpose: 'x', pid: 1 }))
    let looking = true
    const looker = (async () => {
      while (looking) await lockHolder(file)
    })()
    for (let round = 0; round < 10; round++) await (await fileLock(file).acquire('deploy')).release()
    looking = false
    await looker
  })

  test('passes a purpose on as it is, whatever it holds', async () => {
    freshFile()
    const purpose = `$(touch ${folder}/pwned); --flag "x" \n ü {"`
    const lock = await fileLock(file).acquire(purpose)
    expect((await lockHolder(file))?.purpose).toBe(purpose)
    await lock.release()
    await expect(stat(join(folder, 'pwned'))).rejects.toThrow('ENOENT')
  })
})

describe('a lock that can not be taken', () => {
  test('because flock is missing says what to install', async () => {
    freshFile()
    vi.stubEnv('PATH', folder)
    const error = await failure(fileLock(file).acquire('x'))
    expect(error.code).toBe('ENGINE_FAILED')
    expect(error.why).toContain('flock is missing')
    expect(error.next).toContain('util-linux')
  })

  test('because flock knows no such options is not said to be held', async () => {
    freshFile()
    const path = join(folder, 'other-flock')
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'flock'), '#!/bin/sh\necho "flock: unrecognized option" >&2\nexit 1\n')
    await chmod(join(path, 'flock'), 0o755)
    vi.stubEnv('PATH', `${path}:${process.env['PATH'] ?? ''}`)
    const error = await failure(fileLock(file).acquire('x'))
    expect(error.code).toBe('ENGINE_FAILED')
    expect(error.why).toContain('unrecognized option')
  })

  test('because its folder is a file says so without a stack', async () => {
    freshFile()
    await writeFile(join(folder, 'in-the-way'), '')
    const error = await failure(fileLock(join(folder, 'in-the-way', 'lock')).acquire('x'))
    expect(error.code).toBe('ENGINE_FAILED')
    expect(error.why).toMatch(/EEXIST|ENOTDIR/)
    expect(error.next).toContain('folder')
  })

  test('rubbish in the file names no holder', async () => {
    for (const rubbish of ['', 'null', '5', '{"by"', '[]', '{"by":', '\0\0']) {
      freshFile()
      await mkdir(join(file, '..'), { recursive: true })
      await writeFile(file, rubbish)
      expect(await lockHolder(file)).toBeUndefined()
      await (await fileLock(file).acquire('x')).release()
    }
  })
})

test('an operator is named also in CI and under sudo', () => {
  expect(operator({ GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'mona' })).toBe('mona (GitHub Actions)')
  expect(operator({ SUDO_USER: 'ada' })).toBe('ada')
  expect(operator({})).not.toBe('')
})
