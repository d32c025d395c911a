import type { Member, Ordered } from '../../../../src/cli/remote/several/carry-out.ts'
import type { Event, EventBody } from '../../../../src/release/events.ts'
import type { DeploymentRecord } from '../../../../src/release/model.ts'
import type { AgreementKey } from '../../../../src/release/several/agreement.ts'
import type { SlipwayError } from '../../../../src/support/errors.ts'

export const key: AgreementKey = 'd3@2026-11-22T10:00:00.000Z'

/** A server whose runner tells what a test gives it, when the test says so. */
export class PlayedMember implements Member {
  readonly name: string
  readonly orders: Ordered[] = []
  readonly interrupted: string[] = []
  readonly followed: (string | undefined)[] = []
  refusesOrder: SlipwayError | undefined
  #emit: (event: Event) => void = () => undefined
  #end: (ended: DeploymentRecord | Error) => void = () => undefined
  readonly #ended = new Promise<DeploymentRecord | Error>(resolve => (this.#end = resolve))

  constructor(name: string) {
    this.name = name
  }

  async start(order: Ordered): Promise<string> {
    this.orders.push(order)
    if (this.refusesOrder !== undefined) throw this.refusesOrder
    return `run-${this.name}`
  }

  async follow(run: string | undefined, emit: (event: Event) => void): Promise<DeploymentRecord> {
    this.followed.push(run)
    this.#emit = emit
    const ended = await this.#ended
    if (ended instanceof Error) throw ended
    return ended
  }

  async interrupt(run: string): Promise<void> {
    this.interrupted.push(run)
  }

  tell(...bodies: EventBody[]): void {
    for (const body of bodies) this.#emit({ at: '2026-11-22T10:00:00.000Z', ...body })
  }

  begin(agreed: AgreementKey = key, target?: `r${number}`): void {
    this.tell(
      { type: 'deployment-started', id: 'd3', kind: 'deploy', app: 'shop', environment: 'prod', by: 'anna', pid: 1 },
      {
        type: 'planned',
        plan: {
          kind: 'deploy',
          version: '1',
          migration: { kind: 'none', why: '' },
          data: { kind: 'untouched' },
          ...(target === undefined ? {} : { target }),
        },
      },
      {
        type: 'step-fact',
        step: 'lock',
        facts: { agreement: { role: this.name === 'd' ? 'decides' : 'follows', key: agreed } },
      },
    )
  }

  end(ended: Partial<DeploymentRecord> | Error): void {
    this.#end(ended instanceof Error ? ended : ({ ...record, ...ended } as DeploymentRecord))
  }
}

export const record: DeploymentRecord = {
  id: 'd3',
  kind: 'deploy',
  release: 'r4',
  version: '1',
  startedAt: '2026-11-22T10:00:00.000Z',
  seconds: 1,
  outcome: 'deployed',
  by: 'anna',
}

/** Everything that is only waiting to be told. */
export async function settle(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}
