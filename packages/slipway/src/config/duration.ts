/** `500ms`, `2s`, `10m`, `1h` or a bare number of seconds, in milliseconds. Undefined: not a duration. */
export function parseDuration(written: string | number): number | undefined {
  if (typeof written === 'number')
    return Number.isFinite(written) && written >= 0 ? Math.round(written * 1000) : undefined
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h)$/.exec(written)
  const unit = unitsInMilliseconds[match?.[2] ?? '']
  return match?.[1] === undefined || unit === undefined ? undefined : Math.round(Number(match[1]) * unit)
}

/** Longer makes no sense for anything that is waited for, and Node's timers end soon after. */
export const longestDurationMs = 24 * 3_600_000

const unitsInMilliseconds: Record<string, number | undefined> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
