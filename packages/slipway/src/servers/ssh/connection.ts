import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { run, type RunOptions, type RunResult } from '../../support/run.ts'
import { stream, type StreamOptions, type StreamResult } from '../../support/stream.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { ServerAddress } from './address.ts'
import { lostConnection, unknownServer } from './failure.ts'
import { linkIdentity } from './identity.ts'
import { type Master, startMaster } from './master.ts'
import { pinnedFileText, readPinnedKeys } from './pinned-keys.ts'
import { type PrivateFolder, privateFolder } from './private-folder.ts'
import { storeArgv } from './remote-files.ts'
import { wholeScript } from './script.ts'
import { attachedArgv, commandArgv, controlArgv, pinnedFile, type Forward, type Patience } from './ssh-argv.ts'

/**
 * One connection to a server, and every command over it: the system's OpenSSH, multiplexed. The server is known by its
 * pinned key before anything is sent; a login happens once; a connection that is gone is an error and never a second try.
 */
export async function open(server: ServerAddress, options: OpenOptions): Promise<Connection> {
  const keys = await readPinnedKeys(options.pinnedKeys, server)
  if (keys.length === 0) throw unknownServer(server, options.pinnedKeys)
  const folder = await privateFolder()
  try {
    await writeFile(pinnedFile(folder.path), pinnedFileText(server, keys), { mode: 0o600 })
    if (server.identityFile !== undefined) await linkIdentity(server, server.identityFile, folder.path)
    return new MultiplexedConnection(server, folder, await startMaster(server, folder.path, options))
  } catch (error) {
    await folder.remove()
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
  /**
   * Runs a program there on the streams of whoever asked, with a terminal or without: `attach` starts ssh for it.
   * Returns its exit code.
   */
  attach(
    argv: readonly string[],
    terminal: boolean,
    attach: (program: string, argv: readonly string[]) => Promise<number>,
  ): Promise<number>
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
  readonly #folder: PrivateFolder
  readonly #master: Master
  readonly #lost = new AbortController()

  constructor(server: ServerAddress, folder: PrivateFolder, master: Master) {
    this.server = server
    this.#folder = folder
    this.#master = master
    void master.ended.then(() => this.#lost.abort())
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async run(argv: readonly string[], options: RemoteRunOptions = {}): Promise<RunResult> {
    const result = await run('ssh', commandArgv(this.server, this.#folder.path, argv), options)
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
    const result = await stream('ssh', commandArgv(this.server, this.#folder.path, argv), options)
    if (result.exitCode === sshFailed) await this.#assureMaster(argv[0] ?? '', result.stderr)
    return result
  }

  async attach(
    argv: readonly string[],
    terminal: boolean,
    attach: (program: string, argv: readonly string[]) => Promise<number>,
  ): Promise<number> {
    const exitCode = await attach('ssh', attachedArgv(this.server, this.#folder.path, argv, terminal))
    if (exitCode === sshFailed) await this.#assureMaster(argv[0] ?? '', '')
    return exitCode
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
      run('ssh', controlArgv(this.server, this.#folder.path, request, forward), { timeoutMs: 10_000 })
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
    await run('ssh', controlArgv(this.server, this.#folder.path, 'exit'), { timeoutMs: 5000 })
    await this.#master.end()
    await this.#folder.remove()
  }

  /** Exit code 255 is the program's own while the master answers; otherwise the connection is lost. */
  async #assureMaster(doing: string, printed: string): Promise<void> {
    const asked = await run('ssh', controlArgv(this.server, this.#folder.path, 'check'), { timeoutMs: 10_000 })
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
