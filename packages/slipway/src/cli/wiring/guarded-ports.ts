import type { EnvironmentConfig } from '../../config/model.ts'
import { longestAnswersMs, waitingRoom, type WaitingRoom } from '../../edge/hold.ts'
import { keptRoom } from '../../edge/kept-room.ts'
import { edgeLayout } from '../../edge/layout.ts'
import { fileJournal } from '../../store/journal.ts'
import type { Layout } from '../../store/layout.ts'
import { fileLock } from '../../store/lock.ts'
import { guardedLock } from '../guardian/lock.ts'
import { startGuardian } from '../guardian/start.ts'
import { projectEdge, type RealPorts } from './parts.ts'

/** For what takes the lock: a guardian looks after it, and keeps who waits in a hold. `ownRoom`: it is the guardian itself. */
export function guardedPorts(
  config: EnvironmentConfig,
  layout: Layout,
  ownRoom: WaitingRoom | undefined,
): Pick<RealPorts, 'edge' | 'lock'> {
  const room = keptRoom(waitingRoom(edgeLayout(layout.edge), config.project))
  const start = () => {
    if (ownRoom !== undefined) return undefined
    const address = { configFile: config.file, environment: config.environment, project: config.project }
    const guardian = startGuardian(address, layout)
    if (guardian !== undefined) room.attach(guardian.channel)
    return guardian
  }
  const isEnded = async () => (await fileJournal(layout).unfinished()) === undefined
  const guarding = { start, isEnded, limitMs: longestAnswersMs }
  return {
    edge: projectEdge(config, layout, ownRoom ?? room),
    lock: guardedLock(fileLock(layout.lock), layout.lock, guarding),
  }
}
