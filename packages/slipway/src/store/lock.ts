import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'
import { run } from '../support/run.ts'
import { userName } from '../support/user-name.ts'
import type { Lock } from '../release/ports.ts'

/**
 * The environment's lock: a kernel lock (flock) on a file, held by a child that lives as long as its stdin is open.
 * However this process dies, the pipe closes, the child ends and the lock is free: it can never be stale.
 */
export function fileLock(file: string): Lock {
  return {
    async acquire(purpose) {
      await makeFile(file)
      const keeper = await takeLock(file)
      let held = true
      const release = async () => {
        if (!held) return
        held = false
        await writeFile(file, '').catch(() => undefined)
        await letGo(keeper)
      }
      try {
        // flock(1) runs cat on the same open file: writing through another descriptor keeps the lock.
        await writeFile(file, JSON.stringify(holderNow(purpose)))
      } catch (error) {
        await release()
        throw notTaken(error)
      }
      return { release }
    },
  }
}

export interface LockHolder {
  by: string
  pid: number
  since: string
  purpose: string
}

/** Who holds the lock now; undefined when nobody does, also when the last holder was killed and left its name. */
export async function lockHolder(file: string): Promise<LockHolder | undefined> {
  const holder = await writtenHolder(file)
  if (holder === undefined) return undefined
  const free = await run('flock', ['--shared', '--nonblock', '--conflict-exit-code', String(conflict), file, 'true'])
  return free.exitCode === 0 ? undefined : holder
}

/** Tells a runner on whose behalf it works. */
export const operatorVariable = 'SLIPWAY_OPERATOR'

/** Who works here: this account, the CI job's actor, or on whose behalf a runner does. */
export function operator(environment: NodeJS.ProcessEnv = process.env): string {
  const told = environment[operatorVariable]
  if (told !== undefined && told !== '') return told
  const actor = environment['GITHUB_ACTOR']
  if (environment['GITHUB_ACTIONS'] === 'true' && actor !== undefined) return `${actor} (GitHub Actions)`
  return environment['SUDO_USER'] ?? userName() ?? `user ${process.getuid?.() ?? 'unknown'}`
}

/** For a server, on which several machines deploy: `user@host`, or the CI job's actor. */
export function operatorFromHere(environment: NodeJS.ProcessEnv = process.env): string {
  const name = operator(environment)
  return name.includes('@') || environment['GITHUB_ACTIONS'] === 'true' ? name : `${name}@${hostname()}`
}

const conflict = 75
/** Longer than somebody who only looks whether the lock is free has it. */
const patienceSeconds = 0.3

async function makeFile(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await (await open(file, 'a', 0o600)).close()
  } catch (error) {
    throw notTaken(error)
  }
}

/** A session of its own (`detached`): a Ctrl-C in the terminal must not free the lock of a deployment that goes on. */
async function takeLock(file: string): Promise<Keeper> {
  const argv = ['--timeout', String(patienceSeconds), '--conflict-exit-code', String(conflict), file, 'cat']
  const child = spawn('flock', argv, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)))
  // The child may be gone before it reads; its exit code tells why.
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'close')
  const echoed = once(child.stdout, 'data').then(() => 'locked' as const)
  child.stdin.write('locked\n')
  const answer = await Promise.race([echoed, ended]).catch((error: unknown) => {
    throw notTaken(error)
  })
  if (answer === 'locked') return { child, ended: ended.catch(() => undefined) }
  if (child.exitCode === conflict) throw await locked(file)
  throw notTaken(new Error(said.trim() || `flock ended with code ${child.exitCode ?? child.signalCode}`))
}

interface Keeper {
  child: ChildProcess
  ended: Promise<unknown>
}

async function letGo({ child, ended }: Keeper): Promise<void> {
  child.stdin?.end()
  await ended
}

function holderNow(purpose: string): LockHolder {
  return { by: operator(), pid: process.pid, since: new Date().toISOString(), purpose }
}

async function writtenHolder(file: string): Promise<LockHolder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return isHolder(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isHolder(value: unknown): value is LockHolder {
  return typeof value === 'object' && value !== null && 'by' in value && 'since' in value
}

async function locked(file: string): Promise<SlipwayError> {
  // Who has just taken it writes its name a moment later.
  const holder = (await writtenHolder(file)) ?? (await sleep(100).then(() => writtenHolder(file)))
  return new SlipwayError('LOCKED', 'Another deployment of this environment is under way', {
    why:
      holder === undefined
        ? 'somebody holds the lock'
        : `${holder.by} holds the lock since ${holder.since} (${holder.purpose}${processOf(holder)})`,
    state: 'nothing was changed',
    next:
      holder?.by.includes('@') === true
        ? watchIt
        : 'Wait until it has ended; the lock frees itself when its process ends or dies.',
  })
}

const watchIt = 'slipway attach shows it. The lock frees itself when the deployment ends or its process dies.'

/** A runner's process has a number in its container, which says nothing outside of it. */
function processOf({ by, pid }: LockHolder): string {
  return by.includes('@') ? '' : `, process ${pid}`
}

function notTaken(error: unknown): SlipwayError {
  const code = errorCode(error)
  return new SlipwayError(code === 'ENOSPC' ? 'DISK_FULL' : 'ENGINE_FAILED', 'The lock could not be taken', {
    why: code === 'ENOENT' ? 'the program flock is missing' : error instanceof Error ? error.message : String(error),
    state: 'nothing was changed',
    next: nextStep(code),
    cause: error,
  })
}

function nextStep(code: string | undefined): string {
  if (code === 'ENOSPC') return 'Free some disk space.'
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return 'Run as the user that owns the folder, or set SLIPWAY_HOME to one that may be written.'
  }
  const withoutFlock = code === undefined || code === 'ENOENT'
  return withoutFlock ? 'Install util-linux: it brings the program flock.' : 'Look at the folder that is named above.'
}
