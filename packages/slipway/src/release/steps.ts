import type { Step } from './context.ts'
import { backup } from './steps/backup.ts'
import { commit } from './steps/commit.ts'
import { fetch } from './steps/fetch.ts'
import { gate } from './steps/gate.ts'
import { hold } from './steps/hold.ts'
import { migrate } from './steps/migrate.ts'
import { preflight } from './steps/preflight.ts'
import { prune } from './steps/prune.ts'
import { rehearse } from './steps/rehearse.ts'
import { restore } from './steps/restore.ts'
import { start } from './steps/start.ts'
import { state } from './steps/state.ts'
import { switchOver } from './steps/switch.ts'
import { watch } from './steps/watch.ts'

/**
 * The deployment, read top to bottom. Up to the switch a failure ends all-old: what was done is undone in reverse.
 * From the switch on it ends all-new. The lock stands around all of it.
 */
export const steps: readonly Step[] = [
  preflight,
  fetch,
  backup,
  rehearse,
  restore,
  hold,
  state,
  migrate,
  start,
  gate,
  switchOver,
  watch,
  commit,
  prune,
]
