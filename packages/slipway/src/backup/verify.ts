import { stat } from 'node:fs/promises'
import { dumpFormat, hasTrailer, sha256OfFile, type DumpFormat } from '../postgres/dump-file.ts'
import { messageOf } from '../postgres/psql.ts'
import { execArgv, target, type DatabaseServer } from '../postgres/server.ts'
import { streamDocker } from '../support/docker-silence.ts'
import { SlipwayError } from '../support/errors.ts'
import { readLargeFile } from '../support/files.ts'

/**
 * Proves a dump by its content: pg_dump's exit code says nothing of what reached the disk, and listing an
 * archive (`pg_restore -l`) succeeds on half a file. So an archive is decoded to its last byte, unless a restore of all of
 * it does that anyway.
 */
export async function verifyDump(
  file: string,
  { server, format, sha256, isRestored }: Expected,
  signal: AbortSignal,
): Promise<void> {
  if ((await stat(file)).size === 0) throw refused('it is empty')
  if ((await dumpFormat(file)) !== format) throw refused('it does not begin as a dump does')
  if (format === 'plain' && !(await hasTrailer(file))) throw refused('it is cut off: the end of the dump is missing')
  // The one is work of the container, the other of this process.
  const [written] = await Promise.all([
    sha256OfFile(file),
    format === 'custom' ? decodeUnless(isRestored, file, server, signal) : undefined,
  ])
  if (written !== sha256) throw refused('what is on the disk is not what pg_dump wrote')
}

export interface Expected {
  server: DatabaseServer
  format: DumpFormat
  /** Of what pg_dump wrote. */
  sha256: string
  /** Whether it has been restored whole; absent: nobody tries. */
  isRestored: (() => Promise<boolean>) | undefined
}

async function decodeUnless(
  isRestored: Expected['isRestored'],
  file: string,
  server: DatabaseServer,
  signal: AbortSignal,
): Promise<void> {
  if ((await isRestored?.()) !== true) await decode(file, server, signal)
}

async function decode(file: string, server: DatabaseServer, signal: AbortSignal): Promise<void> {
  const { container } = await target(server)
  const result = await streamDocker(execArgv(container, decodeArgv, { environment: [] }), {
    input: readLargeFile(file),
    signal,
  })
  if (result.exitCode === 0 && result.failure === undefined) return
  const said = messageOf(result.stderr)
  throw refused(`it does not decode: ${said === '' ? `pg_restore exited with code ${result.exitCode}` : said}`)
}

const decodeArgv = ['pg_restore', '--exit-on-error', '--file=/dev/null']

function refused(why: string): SlipwayError {
  return new SlipwayError('BACKUP_FAILED', 'The dump did not verify', { why })
}
