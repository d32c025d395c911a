import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { DeploymentRecord, Plan } from '../../../src/release/model.ts'
import type { Ports } from '../../../src/release/ports.ts'
import { recover, type RecoverOptions } from '../../../src/release/recover.ts'
import { runDeployment } from '../../../src/release/run.ts'
import { tend } from '../../../src/release/tend.ts'
import type { Planner } from './operator.ts'
import type { SlipwayProcess } from './process.ts'
import type { Operation } from './schedule.ts'

/** Does with Slipway's own code what a command does, on what a process sees of the simulated server. */
export function carriedOut(operation: Operation, given: Given): Promise<DeploymentRecord | string> {
  const { process, ports, planner, config } = given
  const recovery = recoveryOf(given)
  const run = () =>
    runDeployment(
      {
        ...recovery,
        purpose: operation.kind,
        makePlan: () => planner.makePlan(ports),
        signal: process.interruption.signal,
      },
      ports,
    )
  if (operation.kind !== 'tend') return run()
  return tend(ports, {
    config,
    signal: process.interruption.signal,
    goBack: async () => (await run()).outcome === 'deployed',
    recover: async () => void (await recover(ports, recovery)),
  })
}

interface Given {
  process: SlipwayProcess
  ports: Ports
  planner: Planner
  config: EnvironmentConfig
}

function recoveryOf({ ports, config }: Given): RecoverOptions {
  return {
    by: 'somebody',
    planOf: async () => basePlan(config, await ports.releases.current()),
    listen: () => undefined,
  }
}

/** What a recovery knows before it has read the journal. */
export function basePlan(config: EnvironmentConfig, current: Plan['current']): Plan {
  return {
    kind: 'deploy',
    app: config.app,
    environment: config.environment,
    project: config.project,
    version: '',
    services: [],
    migration: { kind: 'none', why: '' },
    state: 'same',
    data: { kind: 'untouched' },
    steps: [],
    config,
    ...(current === undefined ? {} : { current }),
  }
}
