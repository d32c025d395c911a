import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { CalledOff } from '../../support/called-off.ts'
import type { ServerAddress } from './address.ts'
import { connectionFailure } from './failure.ts'
import { masterArgv, type Patience } from './ssh-argv.ts'

/** The one ssh that is connected and logged in; every command goes over it. */
export interface Master {
  ended: Promise<void>
  end(): Promise<void>
}

interface StartOptions {
  patience?: Patience
  signal?: AbortSignal
}

const greeting = 'slipway\n'
/** How long a login may take after the server has answered. */
const loginSeconds = 20

export async function startMaster(server: ServerAddress, folder: string, options: StartOptions): Promise<Master> {
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
    if (options.signal?.aborted === true) throw new CalledOff()
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
