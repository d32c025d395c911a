import type { DeploymentId, DeploymentRecord, Facts, Outcome, Plan } from './model.ts'
import { verdictOf } from './rehearsal.ts'

/** The line of `history` that a deployment leaves. */
export function recordOf(ended: EndedDeployment): DeploymentRecord {
  const { plan, facts } = ended
  const release = (ended.outcome === 'unchanged' ? plan.current : facts.release) ?? plan.target
  const commit = release?.commit ?? plan.commit
  return {
    id: ended.id,
    kind: plan.kind,
    version: release?.version ?? plan.version,
    startedAt: ended.startedAt.toISOString(),
    seconds: ended.seconds,
    outcome: ended.outcome,
    by: ended.by,
    ...(release === undefined ? {} : { release: release.id }),
    ...(plan.current === undefined ? {} : { previous: plan.current.id }),
    ...(commit === undefined ? {} : { commit }),
    ...(ended.failure === undefined ? {} : { failure: ended.failure }),
    ...(facts.backup === undefined ? {} : { backup: facts.backup.file }),
    ...(facts.snapshot === undefined || ended.outcome !== 'deployed' ? {} : { snapshot: facts.snapshot.database }),
    ...(facts.migration === undefined ? {} : { migration: facts.migration }),
    ...(facts.replacement === undefined || ended.outcome !== 'deployed' ? {} : { restored: facts.replacement.from }),
    ...oldCode(facts.rehearsal),
    ...(plan.because === undefined ? {} : { because: plan.because }),
    ...(plan.promotion === undefined
      ? {}
      : { promoted: { from: plan.promotion.from, release: plan.promotion.release } }),
    ...(facts.doubt === undefined || ended.outcome !== 'deployed' ? {} : { doubt: facts.doubt }),
    ...(facts.watchedMs === undefined || ended.outcome !== 'deployed' ? {} : { watchedMs: facts.watchedMs }),
    ...(ended.heldMs === undefined ? {} : { heldMs: ended.heldMs }),
    ...(ended.databaseFingerprint === undefined ? {} : { databaseFingerprint: ended.databaseFingerprint }),
  }
}

export interface EndedDeployment {
  id: DeploymentId
  plan: Plan
  facts: Facts
  startedAt: Date
  seconds: number
  outcome: Outcome
  by: string
  failure: DeploymentRecord['failure']
  heldMs: number | undefined
  databaseFingerprint: string | undefined
}

function oldCode(rehearsal: Facts['rehearsal']): Pick<DeploymentRecord, 'oldCodeBreaks'> {
  const verdict = rehearsal === undefined ? undefined : verdictOf(rehearsal)
  return verdict?.kind === 'incompatible' ? { oldCodeBreaks: verdict.why } : {}
}
