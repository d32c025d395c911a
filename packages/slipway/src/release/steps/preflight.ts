import type { Step } from '../context.ts'
import { coolBefore, stillRuns } from '../warm.ts'

/** Looks at config, engine, disk, memory, secrets, database and edge before anything changes. */
export const preflight: Step = {
  name: 'preflight',
  does: () => 'Check engine, disk, memory, secrets, database and edge',
  skip: stillRuns,
  async apply(context) {
    for (const warning of await context.ports.checks.preflight(context.plan, 'prepare')) context.note(warning)
    await context.ports.hooks.run('beforeDeploy', hookFacts(context.plan.project, context.plan.version))
    if (context.plan.kind === 'rollback') await coolBefore(context)
    return undefined
  },
}

function hookFacts(project: string, version: string): Record<string, string> {
  return { SLIPWAY_PROJECT: project, SLIPWAY_VERSION: version }
}
