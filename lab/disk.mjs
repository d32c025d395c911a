import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'

/** A clear word before the work instead of a half-done installation after it. */
export function checkRoom(folder, gigabytes) {
  let existing = folder
  while (!existsSync(existing)) existing = dirname(existing)
  const { bavail, bsize } = statfsSync(existing)
  const free = (bavail * bsize) / 1e9
  if (free >= gigabytes) return
  throw new Error(
    `The disk is nearly full: ${folder} needs ${gigabytes} GB, and ${free.toFixed(2)} GB are free. ` +
      'Free some space, or set SLIPWAY_LAB_DIRECTORY to a folder on another disk.',
  )
}
