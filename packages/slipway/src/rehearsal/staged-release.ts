import { stageNetwork } from '../engine/rehearsal-document.ts'
import type { StagedRelease } from '../engine/rehearsal.ts'
import { gate } from '../release/gate.ts'
import type { Release } from '../release/model.ts'
import type { Clock, Edge, Engine, RehearsalOrder } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'

/** What is wrong with a release on the stage, and what it printed. */
export interface Fault {
  why: string
  output: string[]
}

export interface StageParts {
  engine: Engine
  clock: Clock
  stageEdge: Edge
}

/** Opens the door of a release that is perhaps started soon: nobody has to wait for it then. */
export function doorAhead({ release, refusal }: StagedRelease, { stageEdge }: StageParts): DoorAhead {
  const opened =
    refusal === undefined && hasWeb(release) ? stageEdge.openDoor(release, [stageNetwork(release)]) : undefined
  return { ended: Promise.resolve(opened).catch(() => undefined) }
}

export interface DoorAhead {
  /** It is open, or could not be opened: whoever needs it opens it then, and hears why it can not be. */
  ended: Promise<void>
}

/** Starts a release on the stage; undefined: it passes the same gate as in production. */
export async function healthyOnStage(
  { release, start }: StagedRelease,
  { engine, clock, stageEdge }: StageParts,
  order: RehearsalOrder,
): Promise<Fault | undefined> {
  const notStartedBefore = clock.monotonic()
  await Promise.all([start(), ...(hasWeb(release) ? [stageEdge.openDoor(release, [stageNetwork(release)])] : [])])
  try {
    await gate(
      release,
      { engine, clock, edge: stageEdge },
      {
        notStartedBefore,
        limitMs: order.config.rehearse.timeoutMs,
        signal: order.signal,
        note: () => undefined,
        consequence: 'production was not touched',
        whenWebAnswers: async () => order.meanwhile?.(),
      },
    )
    return undefined
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'GATE_FAILED') throw error
    return { why: error.why ?? error.message, output: [...error.output] }
  }
}

/** Asks each web service for each smoke path: one that does not know a path answers 404, and that is no fault. */
export async function smokeOnStage(
  release: Release,
  { stageEdge }: StageParts,
  order: RehearsalOrder,
): Promise<Fault | undefined> {
  const web = release.services.filter(service => service.role === 'web')
  for (const path of order.config.rehearse.smoke) {
    for (const { name, health } of web) {
      const probe = await stageEdge.probe(release, name, path, health.timeoutMs)
      if (probe.kind === 'no-answer') return { why: `${name}${path} does not answer (${probe.why})`, output: [] }
      if (probe.status < 500) continue
      return { why: `${name}${path} answers ${probe.status}`, output: [probe.body.slice(0, 500)] }
    }
  }
  return undefined
}

function hasWeb(release: Release): boolean {
  return release.services.some(service => service.role === 'web')
}
