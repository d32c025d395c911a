/** SLIPWAY_THOROUGH=1: all slow cases, of which a run otherwise takes a sample. */
export const thorough = process.env['SLIPWAY_THOROUGH'] === '1'

/** Of slow cases that resemble each other every run takes some, always the same: the first ones. */
export function sample<Case>(count: number, cases: readonly Case[]): readonly Case[] {
  return thorough ? cases : cases.slice(0, count)
}
