import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { userInfo } from 'node:os'
import { SlipwayError } from '../support/errors.ts'
import type { Lock } from '../release/ports.ts'

/**
 * The environment's lock: a kernel lock (flock) on a file, held by a child that lives as long as its stdin is open.
 * However this process dies, the pipe closes, the child ends and the lock is free: it can never be stale.
 */
export function fileLock(file: string): Lock {
  return {
    async acquire(purpose) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await (await open(file, 'a', 0o600)).close()
      const child = spawn('flock', ['--nonblock', '--conflict-exit-code', String(conflict), file, 'cat'], {
        stdio: ['pipe', 'pipe', 'ignore'],
        detached: true,
      })
      const ended = once(child, 'exit')
      const failed = once(child, 'error').then(([error]) => Promise.reject(error instanceof Error ? error : new Error(String(error))))
      child.stdin.write('locked\n')
      const answer = await Promise.race([once(child.stdout, 'data').then(() => 'locked' as const), ended, failed]).catch((error: unknown) => {
        throw new SlipwayError('ENGINE_FAILED', 'The lock could not be taken', {
          why: error instanceof Error ? error.message : String(error),
          next: 'Install util-linux (it brings flock).',
        })
      })
      if (answer !== 'locked') throw await locked(file)
      // flock(1) runs cat on the same open file: writing through another descriptor keeps the lock.
      await writeFile(file, JSON.stringify(holderNow(purpose)))
      return {
        async release() {
          await writeFile(file, '')
          child.stdin.end()
          await ended
        },
      }
    },
  }
}

export interface LockHolder {
  by: string
  pid: number
  since: string
  purpose: string
}

const conflict = 75

/** Who holds the lock now, as far as the file tells; undefined when nobody does. */
export async function lockHolder(file: string): Promise<LockHolder | undefined> {
  try {
    const text = await readFile(file, 'utf8')
    return text === '' ? undefined : (JSON.parse(text) as LockHolder)
  } catch {
    return undefined
  }
}

/** `user@host` of this process, or the CI job's actor. */
export function operator(environment: NodeJS.ProcessEnv = process.env): string {
  const actor = environment['GITHUB_ACTOR']
  if (environment['GITHUB_ACTIONS'] === 'true' && actor !== undefined) return `${actor} (GitHub Actions)`
  return environment['SUDO_USER'] ?? userInfo().username
}

function holderNow(purpose: string): LockHolder {
  return { by: operator(), pid: process.pid, since: new Date().toISOString(), purpose }
}

async function locked(file: string): Promise<SlipwayError> {
  const holder = await lockHolder(file)
  return new SlipwayError('LOCKED', 'Another deployment of this environment is under way', {
    why:
      holder === undefined
        ? 'somebody holds the lock'
        : `${holder.by} holds the lock since ${holder.since} (${holder.purpose}, process ${holder.pid})`,
    state: 'nothing was changed',
    next: 'Wait until it has ended; the lock frees itself when its process ends or dies.',
  })
}
