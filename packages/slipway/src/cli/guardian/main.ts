import { setTimeout as sleep } from 'node:timers/promises'
import { keepRoom, type Channel } from '../../edge/kept-room.ts'
import { longestAnswersMs, waitingRoom, type WaitingRoom } from '../../edge/hold.ts'
import { edgeLayout, type EdgeLayout } from '../../edge/layout.ts'
import { readLive } from '../../edge/link.ts'
import { exitCodes } from '../../support/errors.ts'
import { layout, type Layout } from '../../store/layout.ts'
import { readGuardArgv, type GuardedEnvironment } from './address.ts'
import { recoverUntilEnded } from './recover.ts'
import { isEndedWell, type EndedWell } from './start.ts'

/**
 * A deployment's guardian: a small process that outlives it. It keeps the requests that wait in a hold, and when the
 * deployment's process dies without a word, it ends what that one began.
 */
export async function guard(argv: readonly string[]): Promise<never> {
  const guarded = readGuardArgv(argv)
  if (guarded === undefined || process.send === undefined) {
    process.stderr.write('This command is for slipway itself. slipway resume ends a deployment that was cut off.\n')
    process.exit(exitCodes.usage)
  }
  const store = layout(guarded.project)
  const edge = edgeLayout(store.edge)
  const room = waitingRoom(edge, guarded.project)
  const channel = toRunner()
  keepRoom(room, channel)
  setTimeout(() => void loadAll().catch(() => undefined), loadAfterMs).unref()
  const ended = await endOf(channel)
  if (ended === undefined) await takeOver(guarded, store, edge, room)
  else await room.close(ended.limitMs)
  process.exit(exitCodes.ok)
}

/** While they are there: an upgrade of Slipway during the deployment takes the files away. */
function loadAll(): Promise<unknown> {
  return Promise.all([import('../wiring.ts'), import('execa')])
}

/** Whoever brings the environment to its end, this process or a person's: those who wait here follow the link. */
async function takeOver(
  guarded: GuardedEnvironment,
  store: Layout,
  edge: EdgeLayout,
  room: WaitingRoom,
): Promise<void> {
  const recovered = new AbortController()
  const following = followLink(edge, guarded.project, room, recovered.signal)
  try {
    await recoverUntilEnded(guarded, store, room)
  } finally {
    recovered.abort()
    await following
    await room.close(longestAnswersMs)
  }
}

async function followLink(edge: EdgeLayout, project: string, room: WaitingRoom, ended: AbortSignal): Promise<void> {
  for (let last = false; ; last = ended.aborted) {
    const live = await readLive(edge, project).catch(() => undefined)
    if (live !== undefined && live !== 'held' && room.count() > 0) await room.handTo(live)
    if (last) return
    await sleep(50)
  }
}

/** Undefined: it died. */
function endOf(channel: Channel): Promise<EndedWell | undefined> {
  return new Promise(resolve => {
    channel.onMessage(message => {
      if (isEndedWell(message)) resolve(message)
    })
    channel.onClose(() => resolve(undefined))
    if (!process.connected) resolve(undefined)
  })
}

function toRunner(): Channel {
  return {
    send(message) {
      // An answer that finds nobody any more is no failure.
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
    },
    onMessage: listen => void process.on('message', listen),
    onClose: listen => void process.on('disconnect', listen),
  }
}

/** When the deployment has begun and is busy with other things. */
const loadAfterMs = 1500
