/**
 * Of slow cases that resemble each other every run takes some, always the same; with SLIPWAY_THOROUGH=1 it takes all.
 * Those to be left out first stand last.
 */
export function sample<Case>(count: number, cases: readonly Case[]): readonly Case[] {
  return process.env['SLIPWAY_THOROUGH'] === '1' ? cases : cases.slice(0, count)
}
