import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Writable } from 'node:stream'
import type { DumpFormat } from '../postgres/dump-file.ts'
import { localConnection, messageOf } from '../postgres/psql.ts'
import { execArgv, target, type DatabaseServer } from '../postgres/server.ts'
import { streamDocker } from '../support/docker-silence.ts'
import { SlipwayError } from '../support/errors.ts'
import type { StreamResult } from '../support/stream.ts'

/** Lets pg_dump of the database's own container write into a new file, which is on disk (fsync) on return. */
export async function dumpTo(handle: FileHandle, source: DumpSource, signal: AbortSignal): Promise<Dumped> {
  const { server, database, format, packed, application } = source
  const { container, environment } = await target(server)
  const argv = execArgv(container, dumpArgv(format, packed, localConnection(server, database, application)), {
    environment: Object.keys(environment),
  })
  const output = new DigestedFile(handle)
  const result = await streamDocker(argv, { environment, output, signal })
  if (result.exitCode !== 0 || result.failure !== undefined) throw dumpError(result)
  await handle.sync()
  return { bytes: output.bytes, sha256: output.sha256() }
}

export interface DumpSource {
  server: DatabaseServer
  database: string
  format: DumpFormat
  /** Whether it is compressed, if the format can be. */
  packed: boolean
  /** The name by which PostgreSQL knows the program. */
  application: string
}

export interface Dumped {
  bytes: number
  sha256: string
}

/** Little compression: twice as fast as the default, and some 20 % bigger. A dump that would queue for locks gives up. */
export function dumpArgv(format: DumpFormat, packed: boolean, connection: string): string[] {
  const shape = format === 'plain' ? ['--format=plain'] : ['--format=custom', `--compress=${packed ? 1 : 0}`]
  return ['pg_dump', ...shape, '--no-password', '--lock-wait-timeout=60000', `--dbname=${connection}`]
}

/** Counts and digests what it writes. */
class DigestedFile extends Writable {
  bytes = 0
  readonly #handle: FileHandle
  readonly #hash = createHash('sha256')

  constructor(handle: FileHandle) {
    super({ highWaterMark: 1024 * 1024 })
    this.#handle = handle
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytes += chunk.length
    this.#hash.update(chunk)
    this.#handle.writeFile(chunk).then(() => done(), done)
  }

  /** What has come while the disk was busy goes there at once. */
  override _writev(pending: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(pending.map(each => each.chunk)), 'buffer' as BufferEncoding, done)
  }

  sha256(): string {
    return this.#hash.digest('hex')
  }
}

function dumpError({ exitCode, stderr, failure }: StreamResult): SlipwayError {
  const said = failure === undefined ? messageOf(stderr) : ''
  return new SlipwayError('BACKUP_FAILED', 'pg_dump did not get to its end', {
    why: said !== '' ? said : failure instanceof Error ? failure.message : `it exited with code ${exitCode}`,
    cause: failure,
  })
}
