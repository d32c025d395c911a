import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { newSecrets, withValues } from '../../src/secrets/change.ts'
import { openSealedFile, type OpenSecrets, readSealedFile } from '../../src/secrets/open.ts'
import { printSealedFile } from '../../src/secrets/sealed-yaml.ts'

/** `slipway secrets …` as a real process on a real folder; Docker is not asked by any of it. */
export let dist = ''
export let base = ''
export let directory = ''
export let identity = ''

/** Builds the command line, and gives each test a folder of its own. */
export function onAFolderOfItsOwn(): void {
  beforeAll(async () => {
    dist = await mkdtemp(join(tmpdir(), 'slipway-cli-'))
    await build({
      entryPoints: { slipway: join(import.meta.dirname, '../../src/cli/main.ts') },
      outdir: dist,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.19',
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    })
    identity = await newIdentity()
  }, 60_000)

  afterAll(() => rm(dist, { recursive: true, force: true }))

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'slipway-secrets-'))
    directory = join(base, 'project')
    await mkdir(join(base, 'memory'), { recursive: true })
    await mkdir(directory)
    await writeFile(join(directory, 'compose.yaml'), 'services: {}\n')
    await writeFile(
      join(directory, 'slipway.yaml'),
      `app: shop
secrets: { JWT_SECRET: { format: hex, length: ">=64" }, MAIL: { shared: true, required: false }, URL: { format: url, required: false } }
environments: { staging: {}, prod: {}, live: { source: { git: { branch: main } } } }
`,
    )
    return () => rm(base, { recursive: true, force: true })
  })
}

export interface Ran {
  exitCode: number | null
  stdout: string
  stderr: string
}

export function slipway(
  argv: string[],
  settings: {
    input?: string
    env?: Record<string, string>
    kill?: [file: string, signal: NodeJS.Signals]
    deaf?: boolean
    /** Who runs it. */
    uid?: number
  } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [join(dist, 'slipway.mjs'), ...argv], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(settings.uid === undefined ? {} : { uid: settings.uid, gid: settings.uid }),
    env: {
      PATH: process.env['PATH'],
      HOME: base,
      XDG_RUNTIME_DIR: join(base, 'memory'),
      SLIPWAY_AGE_KEY: identity,
      ...settings.env,
    },
  })
  let [stdout, stderr] = ['', '']
  // Who reads has died before anything was written.
  if (settings.deaf === true) child.stdout.destroy()
  child.stdout.on('data', (more: Buffer) => (stdout += more.toString()))
  child.stderr.on('data', (more: Buffer) => (stderr += more.toString()))
  child.stdin.on('error', () => undefined)
  child.stdin.end(settings.input ?? '')
  const { kill } = settings
  if (kill !== undefined) {
    const wait = setInterval(() => {
      stat(kill[0]).then(
        () => {
          clearInterval(wait)
          child.kill(kill[1])
        },
        () => undefined,
      )
    }, 20)
  }
  return new Promise(resolve => child.on('close', exitCode => resolve({ exitCode, stdout, stderr })))
}

/** Written and read here, where that is not the subject: a process takes a hundred times as long. */
export async function set(environment: string, name: string, value: string): Promise<void> {
  const before =
    (await opened(environment)) ??
    (await newSecrets({ app: 'shop', environment }, [{ name: 'me', kind: 'person', key: await recipientOf(identity) }]))
  const { sealed } = await withValues(before, new Map([[name, Buffer.from(value)]]))
  await mkdir(join(directory, 'secrets'), { recursive: true })
  await writeFile(file(environment), printSealedFile(sealed))
}

export async function get(environment: string, name: string): Promise<string | undefined> {
  const value = (await opened(environment))?.values.get(name)
  return value === undefined ? undefined : Buffer.from(value).toString()
}

export async function opened(environment: string): Promise<OpenSecrets | undefined> {
  const sealed = await readSealedFile(file(environment))
  const owner = { app: 'shop', environment }
  return sealed === undefined ? undefined : openSealedFile(sealed, 'x', owner, { keys: [identity], from: 'a test' })
}

export const file = (environment: string) => join(directory, 'secrets', `${environment}.yaml`)

/** An editor that does what a script says; `$1` is the file. */
export async function editor(script: string): Promise<Record<string, string>> {
  const path = join(base, 'editor.sh')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return { EDITOR: path }
}

export const leftInMemory = () => readdir(join(base, 'memory'))
