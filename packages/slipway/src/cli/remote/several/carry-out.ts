import type { Event } from '../../../release/events.ts'
import type { DeploymentRecord, ReleaseId } from '../../../release/model.ts'
import type { AgreementKey } from '../../../release/several/agreement.ts'
import type { RunId } from '../../../runner/names.ts'
import { asSlipwayError, SlipwayError } from '../../../support/errors.ts'
import type { Carried } from '../../application.ts'
import type { Calls } from '../calls.ts'
import { combined, type Ending } from './combined.ts'

/** What the operator's side does with one of several servers. */
export interface Member {
  name: string
  /** Gives the runner that waits there its order. */
  start(order: Ordered): Promise<RunId>
  /** To its end; the newest run unless one is named. */
  follow(run: RunId | undefined, emit: (event: Event) => void): Promise<DeploymentRecord>
  /** Asks a runner to end at its next safe point. */
  interrupt(run: RunId): Promise<void>
}

export interface Members {
  decides: Member
  followers: readonly Member[]
}

export type Ordered = Omit<Calls['start']['sent'], 'by'>

/**
 * One deployment on all servers. The deciding one is started first and gives it its name; then the others are started to
 * follow. An operator who dies in between leaves all old: the deciding one hears nothing of them and goes back.
 */
export async function carryOutTogether(
  { decides, followers }: Members,
  order: Ordered,
  emit: (event: Event) => void,
): Promise<Carried> {
  const run = await decides.start(order)
  const deciding = followDeciding(decides, run, emit)
  const named = await deciding.named
  const followed = named === undefined ? [] : followers.map(member => followOrdered(member, named))
  return combined(await endOf(decides, deciding.ended), await Promise.all(followed))

  async function followOrdered(member: Member, { key, target }: Named): Promise<Ending> {
    let begun = false
    const ending = await endOf(
      member,
      (async () => {
        const following = { ...order, agreementKey: key, ...backTo(order, target) }
        return member.follow(await member.start(following), event => {
          if (event.type === 'deployment-started') begun = true
          emit({ ...event, on: { server: member.name, decides: false } })
        })
      })(),
    )
    // It will never tell the deciding one anything: the others need not wait until its silence is too long.
    if (begun || !('error' in ending) || isOurs(ending.error)) return ending
    await decides.interrupt(run).catch(() => undefined)
    return { ...ending, begun: false }
  }
}

/** The newest deployment of the deciding server, and what of the others belongs to it. */
export async function followTogether({ decides, followers }: Members, emit: (event: Event) => void): Promise<Carried> {
  const deciding = followDeciding(decides, undefined, emit)
  const named = await deciding.named
  const followed = named === undefined ? [] : followers.map(member => followOf(member, named.key, emit))
  const endings = await Promise.all(followed)
  return combined(
    await endOf(decides, deciding.ended),
    endings.filter(ending => ending !== undefined),
  )
}

/** What was told before it is known to belong to this deployment waits. Undefined: the newest there is of another one. */
async function followOf(member: Member, key: AgreementKey, emit: (event: Event) => void): Promise<Ending | undefined> {
  let waiting: Event[] | undefined = []
  let isOther = false
  const tell = (event: Event): void => emit({ ...event, on: { server: member.name, decides: false } })
  const ending = await endOf(
    member,
    member.follow(undefined, event => {
      const found = keyIn(event)
      if (found !== undefined) {
        isOther = found !== key
        if (!isOther) waiting?.forEach(tell)
        waiting = undefined
      }
      if (waiting !== undefined) waiting.push(event)
      else if (!isOther) tell(event)
    }),
  )
  return isOther || waiting !== undefined ? undefined : ending
}

interface Named {
  key: AgreementKey
  /** What a rollback goes back to. */
  target: ReleaseId | undefined
}

/** Undefined: it ended before it had a name. */
function followDeciding(member: Member, run: RunId | undefined, emit: (event: Event) => void): Deciding {
  let name: (named: Named | undefined) => void = () => undefined
  const named = new Promise<Named | undefined>(resolve => (name = resolve))
  let target: ReleaseId | undefined
  const ended = member.follow(run, event => {
    emit({ ...event, on: { server: member.name, decides: true } })
    if (event.type === 'planned') target = event.plan.target
    const key = keyIn(event)
    if (key !== undefined) name({ key, target })
  })
  const unnamed = (): void => name(undefined)
  ended.then(unnamed, unnamed)
  return { named, ended }
}

interface Deciding {
  named: Promise<Named | undefined>
  ended: Promise<DeploymentRecord>
}

function keyIn(event: Event): AgreementKey | undefined {
  return event.type === 'step-fact' ? event.facts.agreement?.key : undefined
}

/** By its name, so that nobody chooses another one. */
function backTo({ act, rollback }: Ordered, target: ReleaseId | undefined): Pick<Ordered, 'rollback'> {
  if (act !== 'rollback' || target === undefined) return {}
  return { rollback: { ...rollback, release: target } }
}

async function endOf({ name }: Member, ended: Promise<DeploymentRecord>): Promise<Ending> {
  return ended.then(
    record => ({ server: name, record }),
    (thrown: unknown) => ({ server: name, error: asSlipwayError(thrown, `The server ${name} could not be asked`) }),
  )
}

/** It was not the server that failed: this command stopped listening, or the network did. */
function isOurs(error: SlipwayError): boolean {
  return error.code === 'INTERRUPTED' || error.code === 'SERVER_LOST'
}
