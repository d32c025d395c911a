import { stageNetwork } from '../engine/rehearsal-document.ts'
import { gate } from '../release/gate.ts'
import type { Rehearsal, Release } from '../release/model.ts'
import type { Clock, Edge, Engine, RehearsalOrder } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'

/** Whether the old release, started on the migrated copy, becomes healthy and answers its smoke checks. */
export async function askOldRelease(
  stage: Release,
  parts: { engine: Engine; clock: Clock; edge: Edge },
  order: RehearsalOrder,
): Promise<Rehearsal['old']> {
  const web = stage.services.filter(service => service.role === 'web')
  if (web.length > 0) await parts.edge.openDoor(stage, [stageNetwork(stage)])
  try {
    await gate(stage, parts, {
      limitMs: order.config.rehearse.timeoutMs,
      signal: order.signal,
      note: () => undefined,
      consequence: 'production was not touched',
    })
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'GATE_FAILED') throw error
    return { kind: 'breaks', why: error.why ?? error.message, output: [...error.output] }
  }
  for (const path of order.config.rehearse.smoke) {
    for (const service of web) {
      const probe = await parts.edge.probe(stage, service.name, path, service.health.timeoutMs)
      const why = probe.kind === 'no-answer' ? `does not answer (${probe.why})` : `answers ${probe.status}`
      if (probe.kind === 'answered' && probe.status < 500) continue
      const output = probe.kind === 'answered' ? [probe.body.slice(0, 500)] : []
      return { kind: 'breaks', why: `${service.name}${path} ${why}`, output }
    }
  }
  return { kind: 'lives' }
}
