import { stepNames, type Plan, type StepName } from './model.ts'

/** The steps as `plan` shows them: what each will do, or why it will have nothing to do. Pure. */
export function plannedSteps(plan: Plan): Plan['steps'] {
  return stepNames.map(name => {
    const { does, skipped } = describe(name, plan)
    return { name, does, ...(skipped === undefined ? {} : { skipped }) }
  })
}

function describe(name: StepName, plan: Plan): { does: string; skipped?: string | undefined } {
  const first = plan.current === undefined
  const restores = plan.data.kind === 'restore'
  const pending = plan.migration.kind === 'pending'
  const next = plan.target?.id ?? 'the new release'
  const old = plan.current?.id ?? 'nothing'
  const database = plan.config.database !== undefined
  switch (name) {
    case 'lock':
      return { does: 'Take the lock of the environment' }
    case 'preflight':
      return { does: 'Check engine, disk, memory, secrets, database and edge', skipped: stillRuns(plan, next) }
    case 'fetch':
      return {
        does: `Fetch ${plan.version} and build its images`,
        skipped: plan.kind === 'rollback' ? `${next} is already here` : undefined,
      }
    case 'backup':
      return {
        does: 'Back up the database and verify the backup',
        skipped: !database
          ? 'the app has no database'
          : first
            ? 'first deployment: no database yet'
            : plan.warm === true
              ? 'only code goes back: the data stays as it is'
              : undefined,
      }
    case 'rehearse':
      return {
        does: 'Rehearse the migration on a copy of the database, and run the old release on the result',
        skipped: rehearseSkipped(plan, first, pending),
      }
    case 'restore':
      return {
        does: 'Prepare the older data beside the live database',
        skipped: restores ? undefined : 'the data stays',
      }
    case 'hold':
      return {
        does: `Quiet workers, hold requests (${holdLength(plan)}), take a snapshot`,
        skipped: first
          ? 'first deployment: nothing serves yet'
          : restores
            ? undefined
            : pending
              ? heldUnless(plan)
              : `${plan.migration.why} (unless state services change)`,
      }
    case 'state':
      return { does: 'Bring up and connect databases and other state', skipped: stillRuns(plan, next) }
    case 'migrate':
      return restores
        ? { does: 'Swap the older data in' }
        : { does: 'Migrate the database', skipped: pending ? undefined : plan.migration.why }
    case 'start':
      return { does: first ? `Start ${next}` : `Start ${next} beside ${old}`, skipped: stillRuns(plan, next) }
    case 'gate':
      return { does: `Wait until ${next} is healthy` }
    case 'switch':
      return { does: `Switch the edge to ${next}` }
    case 'watch':
      return { does: `Watch ${next} for ${plan.config.watch.forMs / 1000} s`, skipped: watchSkipped(plan, first) }
    case 'commit':
      return { does: first ? `Record ${next} as current` : `Record ${next} as current, ${putAway(plan, old)}` }
    case 'prune':
      return { does: 'Remove what the retention policy no longer keeps' }
  }
}

function rehearseSkipped(plan: Plan, first: boolean, pending: boolean): string | undefined {
  if (!pending) return 'nothing to rehearse'
  if (plan.config.database === undefined) return 'the app has no database'
  if (first) return 'first deployment: nothing can break'
  return plan.config.rehearse.mode === 'off' ? 'rehearse is off' : undefined
}

/** Only a rehearsal can spare the hold. What an earlier one said is not what decides, but what is to be expected. */
function heldUnless(plan: Plan): string | undefined {
  if (plan.config.database === undefined || plan.config.rehearse.mode === 'off') return undefined
  const row = plan.rehearsal?.report?.row
  if (row === 'held') return undefined
  if (row === 'changes-nothing') return 'the migration changes nothing, as a rehearsal showed'
  if (row === 'online') return `${plan.current?.id} lives with the new schema, as a rehearsal showed`
  return `only if the rehearsal shows that ${plan.current?.id} can not live with the new schema`
}

function holdLength({ config, rehearsal }: Plan): string {
  const expected = rehearsal?.report?.row === 'held' ? rehearsal.report.holdSeconds : undefined
  return `${expected === undefined ? '' : `about ${expected} s, `}at most ${config.hold.limitMs / 1000} s`
}

/** Why nobody would act on what a watch sees; undefined: it takes place. */
export function watchSkipped(plan: Plan, first = plan.current === undefined): string | undefined {
  if (plan.config.watch.forMs === 0) return 'watch is off'
  if (first) return 'first deployment: nothing to go back to'
  if (plan.kind !== 'rollback') return undefined
  const who = plan.because === undefined ? 'a person went back' : 'it went back by itself'
  return `${who}: going forth again is a person's decision`
}

/** Whether a deployment holds is only known when it is under way, and one that held keeps nothing warm. */
function putAway(plan: Plan, old: string): string {
  const stops = `drain and stop ${old}`
  if (plan.config.warm.forMs === 0 || plan.kind === 'rollback') return stops
  const minutes = Math.max(1, Math.round(plan.config.warm.forMs / 60_000))
  return `keep ${old} warm for ${minutes} min (if requests were held, or memory is short: ${stops})`
}

function stillRuns(plan: Plan, next: string): string | undefined {
  return plan.warm === true ? `${next} still runs` : undefined
}
