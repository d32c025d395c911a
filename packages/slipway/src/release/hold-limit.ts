import type { Context } from './context.ts'
import { SlipwayError } from '../support/errors.ts'

/** Inside a hold people are waiting: nothing may take longer than what is left of the limit. */
export async function withinHoldLimit<T>(work: Promise<T>, context: Context): Promise<T> {
  if (context.holdEndsAt === undefined) {
    const result = await work
    if (isOver(context)) throw tooLong(context)
    return result
  }
  const left = Math.max(0, context.holdEndsAt - context.ports.clock.monotonic())
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(tooLong(context)), left + graceMs)
      }),
    ])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined)
  }
}

/** Between two acts of a hold: one that came too late, or after the way back had begun, is not followed by another. */
export function proveHoldGoesOn(context: Context): void {
  if (context.holdEndsAt === undefined || isOver(context)) throw tooLong(context)
}

/** Before the switch: those who waited may be with the old release again. */
export function proveNobodyLetGo(context: Context): void {
  if (context.hasGivenUp === true) throw tooLong(context)
}

function isOver({ holdEndsAt, ports }: Context): boolean {
  return holdEndsAt !== undefined && ports.clock.monotonic() > holdEndsAt
}

/** Steps that keep the limit themselves get a moment to say why they failed. */
const graceMs = 1500

function tooLong(context: Context): SlipwayError {
  return new SlipwayError(
    'HOLD_TOO_LONG',
    `The release was not ready within the hold of ${context.plan.config.hold.limitMs / 1000} s`,
    {
      why: 'requests may not wait longer than hold.limit',
      state: `${context.plan.current?.id} goes on serving, on the data as it was before`,
      next: 'Make the migration shorter (expand first, contract in a later release) or raise hold.limit.',
    },
  )
}
