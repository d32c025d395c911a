import { link, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { errorCode, readIfPresent, syncDirectory, writeAtomically } from '../support/files.ts'
import { lastLines, run } from '../support/run.ts'

/**
 * The key with which a server reads one repository, or asks another server: made there, once, and never taken away from
 * there. Returns the public half, for the other side to let in. Two that make it at once get the same.
 */
export async function ensureDeployKey(file: string, comment: string, use = 'the repository is read'): Promise<string> {
  const known = await readIfPresent(`${file}.pub`)
  if (known !== undefined && (await readIfPresent(file)) !== undefined) return known.trim()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const scratch = await mkdtemp(join(dirname(file), '.key-'))
  try {
    const made = join(scratch, 'key')
    await keygen(['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', made], use)
    await link(made, file).catch((error: unknown) => {
      // Whoever was first has made it.
      if (errorCode(error) !== 'EEXIST') throw error
    })
    await syncDirectory(dirname(file))
    const shown = (await keygen(['-y', '-f', file], use)).trim()
    const publicKey = shown.split(' ').length > 2 ? shown : `${shown} ${comment}`
    await writeAtomically(`${file}.pub`, `${publicKey}\n`, 0o644)
    return publicKey
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function keygen(argv: readonly string[], use: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run('ssh-keygen', argv, { timeoutMs: 20_000 })
  if (exitCode === 0) return stdout
  throw new SlipwayError('SOURCE_FAILED', `The key with which ${use} could not be made`, {
    why: lastLines(stderr, 1)[0] ?? `ssh-keygen ended with code ${exitCode}`,
    state: 'nothing that runs was touched',
    next: 'Look at the disk and the rights there.',
    output: lastLines(stderr),
  })
}
