import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { run, type RunOptions, type RunResult } from '../../support/run.ts'
import { stream, type StreamOptions, type StreamResult } from '../../support/stream.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { ServerAddress } from './address.ts'
import { connectionFailure, lostConnection, unknownServer } from './failure.ts'
import { linkIdentity } from './identity.ts'
import { pinnedFileText, readPinnedKeys } from './pinned-keys.ts'
import { storeArgv } from './remote-files.ts'
import { wholeScript } from './script.ts'
import { commandArgv, controlArgv, masterArgv, pinnedFile, type Forward, type Patience } from './ssh-argv.ts'

/**
 * One connection to a server, and every command over it: the system's OpenSSH, multiplexed. The server is known by its
 * pinned key before anything is sent; a login happens once; a connection that is gone is an error and never a second try.
 */
export async function open(server: ServerAddress, options: OpenOptions): Promise<Connection> {
  const keys = await readPinnedKeys(options.pinnedKeys, server)
  if (keys.length === 0) throw unknownServer(server, options.pinnedKeys)
  // mkdtemp makes it 0700. A short path: the control socket's name may have about 100 characters.
  const folder = await mkdtemp('/tmp/slipway-ssh-')
  try {
    await writeFile(pinnedFile(folder), pinnedFileText(server, keys), { mode: 0o600 })
    if (server.identityFile !== undefined) await linkIdentity(server, server.identityFile, folder)
    const master = await startMaster(server, folder, options)
    return new MultiplexedConnection(server, folder, master)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

export interface OpenOptions {
  /** The file with the pinned keys: pinned-keys.ts. */
  pinnedKeys: string
  patience?: Patience
  signal?: AbortSignal
}

export interface Connection {
  readonly server: ServerAddress
  /** Set when the connection is gone. */
  readonly lost: AbortSignal
  /** Runs a program there with exactly these words. A failing program is a value; a lost connection is SERVER_LOST. */
  run(argv: readonly string[], options?: RemoteRunOptions): Promise<RunResult>
  /** Runs a POSIX sh script that travels on stdin; `parameters` are its $1, $2, …. It runs whole or not at all. */
  script(text: string, parameters?: readonly string[], options?: Omit<RemoteRunOptions, 'input'>): Promise<RunResult>
  /** Like `run` for data too big for memory: `input` flows to the program, its output to `output`. */
  stream(argv: readonly string[], options?: Omit<StreamOptions, 'environment'>): Promise<StreamResult>
  /** The file appears there under its name only when it is whole. */
  upload(file: string, target: string, options?: StoreOptions): Promise<void>
  /** The same for a text. */
  store(content: string, target: string, options?: StoreOptions): Promise<void>
  /** Leads from a port or socket here to one there, or back, until closed. */
  forward(forward: Forward): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}

export type RemoteRunOptions = Pick<RunOptions, 'input' | 'timeoutMs' | 'signal' | 'maxBytes'>

export interface StoreOptions {
  /** Default: 0600. */
  mode?: number
  signal?: AbortSignal
}

/** ssh's own failures have it, and programs may. */
const sshFailed = 255

class MultiplexedConnection implements Connection {
  readonly server: ServerAddress
  readonly #folder: string
  readonly #master: Master
  readonly #lost = new AbortController()

  constructor(server: ServerAddress, folder: string, master: Master) {
    this.server = server
    this.#folder = folder
    this.#master = master
    void master.ended.then(() => this.#lost.abort())
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async run(argv: readonly string[], options: RemoteRunOptions = {}): Promise<RunResult> {
    const result = await run('ssh', commandArgv(this.server, this.#folder, argv), options)
    if (result.exitCode === sshFailed) await this.#assureMaster(argv[0] ?? '', result.stderr)
    return result
  }

  script(
    text: string,
    parameters: readonly string[] = [],
    options: Omit<RemoteRunOptions, 'input'> = {},
  ): Promise<RunResult> {
    return this.run(['sh', '-s', '--', ...parameters], { ...options, input: wholeScript(text) })
  }

  async stream(argv: readonly string[], options: Omit<StreamOptions, 'environment'> = {}): Promise<StreamResult> {
    const result = await stream('ssh', commandArgv(this.server, this.#folder, argv), options)
    if (result.exitCode === sshFailed) await this.#assureMaster(argv[0] ?? '', result.stderr)
    return result
  }

  async upload(file: string, target: string, { mode = 0o600, signal }: StoreOptions = {}): Promise<void> {
    const { size } = await stat(file)
    const result = await this.stream(storeArgv(target, mode, size), {
      input: createReadStream(file),
      ...(signal === undefined ? {} : { signal }),
    })
    if (result.failure !== undefined || result.exitCode !== 0) throw this.#notStored(target, result.stderr)
  }

  async store(content: string, target: string, { mode = 0o600, signal }: StoreOptions = {}): Promise<void> {
    const result = await this.run(storeArgv(target, mode, Buffer.byteLength(content)), {
      input: content,
      ...(signal === undefined ? {} : { signal }),
    })
    if (result.exitCode !== 0) throw this.#notStored(target, result.stderr)
  }

  async forward(forward: Forward): Promise<{ close(): Promise<void> }> {
    const ask = (request: 'forward' | 'cancel'): Promise<RunResult> =>
      run('ssh', controlArgv(this.server, this.#folder, request, forward), { timeoutMs: 10_000 })
    const result = await ask('forward')
    if (result.exitCode !== 0) {
      await this.#assureMaster('forwarding', result.stderr)
      throw new SlipwayError('SERVER_COMMAND_FAILED', `Forwarding between here and server ${this.server.name}`, {
        why: 'The server, or this machine, refuses it.',
        state: 'The connection itself is up.',
        output: [result.stderr.trim()],
      })
    }
    return { close: async () => void (await ask('cancel')) }
  }

  async close(): Promise<void> {
    // The end of its input alone lets a master linger over what it once forwarded.
    await run('ssh', controlArgv(this.server, this.#folder, 'exit'), { timeoutMs: 5000 })
    await this.#master.end()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Exit code 255 is the program's own while the master answers; otherwise the connection is lost. */
  async #assureMaster(doing: string, printed: string): Promise<void> {
    const asked = await run('ssh', controlArgv(this.server, this.#folder, 'check'), { timeoutMs: 10_000 })
    if (asked.exitCode !== 0) throw lostConnection(this.server, `Running ${doing}`, printed)
  }

  #notStored(target: string, printed: string): SlipwayError {
    return new SlipwayError('SERVER_COMMAND_FAILED', `Writing ${target} on server ${this.server.name}`, {
      why: 'It did not arrive whole, or there is no room or no right to write it.',
      state: `What was at ${target} before is unchanged.`,
      output: [printed.trim()].filter(line => line !== ''),
    })
  }
}

interface Master {
  ended: Promise<void>
  end(): Promise<void>
}

const greeting = 'slipway\n'
/** How long a login may take after the server has answered. */
const loginSeconds = 20

async function startMaster(server: ServerAddress, folder: string, options: OpenOptions): Promise<Master> {
  const child = spawn('ssh', masterArgv(server, folder, options.patience), {
    // As in run.ts: Ctrl-C must not cut it off under what is being done or undone.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-8192)))
  child.on('error', error => (printed += error.message))
  const ended = once(child, 'close').then(
    () => undefined,
    () => undefined,
  )
  const leave = (): void => void child.kill('SIGTERM')
  // An account whose shell does something else than a shell would let us wait for ever.
  const limit = setTimeout(leave, ((options.patience?.connectSeconds ?? 10) + loginSeconds) * 1000)
  options.signal?.addEventListener('abort', leave, { once: true })
  const greeted = await greet(child, ended)
  clearTimeout(limit)
  options.signal?.removeEventListener('abort', leave)
  if (!greeted || options.signal?.aborted === true) {
    leave()
    await ended
    if (options.signal?.aborted === true) throw new SlipwayError('INTERRUPTED', 'Interrupted')
    throw connectionFailure(server, printed, child.pid === undefined ? 127 : (child.exitCode ?? undefined))
  }
  return { ended, end: () => endMaster(child, ended) }
}

/** True when a login shell says back what it is told; what its start-up files print before does not matter. */
async function greet(child: ChildProcess, ended: Promise<void>): Promise<boolean> {
  let heard = ''
  const answered = new Promise<true>(resolve => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      heard = (heard + text).slice(-4096)
      if (heard.endsWith(greeting)) resolve(true)
    })
  })
  child.stdin?.on('error', () => undefined)
  child.stdin?.write(greeting)
  return Promise.race([answered, ended.then(() => false)])
}

async function endMaster(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGTERM'), 2000)
  await ended
  clearTimeout(timer)
}
