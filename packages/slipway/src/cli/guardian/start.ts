import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Channel } from '../../edge/kept-room.ts'
import type { Layout } from '../../store/layout.ts'
import { lockVariable } from '../../store/leftover-programs.ts'
import { guardArgv, type GuardedEnvironment } from './address.ts'

/**
 * Starts the guardian and goes on at once. A session of its own: neither Ctrl-C nor a closed terminal reaches it. The
 * channel to it closes however this process ends, and unless it was told before that all ended well, it recovers.
 * Undefined: there is none, and should this process die, the next command recovers.
 */
export function startGuardian(
  guarded: GuardedEnvironment,
  layout: Layout,
  entry = process.argv[1],
): Guardian | undefined {
  if (entry === undefined || !/\.m?js$|\/slipway$/.test(entry)) return undefined
  const log = openLog(guardianLog(layout))
  try {
    const output = log ?? 'ignore'
    const child = spawn(process.execPath, [entry, ...guardArgv(guarded)], {
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
      env: { ...process.env, SLIPWAY_HOME: layout.home, [lockVariable]: undefined },
    })
    child.on('error', () => undefined)
    child.unref()
    child.channel?.unref()
    return { channel: channelOf(child), ended: limitMs => endedWell(child, limitMs) }
  } catch {
    return undefined
  } finally {
    if (log !== undefined) closeSync(log)
  }
}

export interface Guardian {
  channel: Channel
  /** All ended well: it may go, once those whom it handed over were answered, at the latest after this time. */
  ended(limitMs: number): Promise<void>
}

export function guardianLog(layout: Layout): string {
  return join(layout.environment, 'guardian.log')
}

export interface EndedWell {
  endedWell: true
  limitMs: number
}

export function isEndedWell(message: unknown): message is EndedWell {
  return typeof message === 'object' && message !== null && 'endedWell' in message && 'limitMs' in message
}

function channelOf(child: ChildProcess): Channel {
  return {
    send(message) {
      if (child.connected) child.send(message as object, () => undefined)
    },
    onMessage: listen => void child.on('message', listen),
    onClose: listen => void child.on('disconnect', listen),
  }
}

/** Waits until it is on its way: this process may end right after. */
function endedWell(child: ChildProcess, limitMs: number): Promise<void> {
  return new Promise(resolve => {
    if (!child.connected) return resolve()
    child.send({ endedWell: true, limitMs } satisfies EndedWell, () => resolve())
  })
}

/** Undefined: it can not be written, on a full disk for instance; then nobody reads what the guardian says. */
function openLog(file: string): number | undefined {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    return openSync(file, size > largestLog ? 'w' : 'a', 0o600)
  } catch {
    return undefined
  }
}

const largestLog = 256 * 1024
