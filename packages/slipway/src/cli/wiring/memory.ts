import { totalmem } from 'node:os'
import { readIfPresent } from '../../support/files.ts'

/** What programs can still get without swapping, in bytes. */
export async function availableMemory(): Promise<number> {
  const text = await readIfPresent('/proc/meminfo')
  return Number(/MemAvailable:\s+(\d+) kB/.exec(text ?? '')?.[1] ?? totalmem() / 1024) * 1024
}

/** Two releases run already when this is asked: what is left must do for a busy moment of the one that serves. */
export async function tooTightForTwo(): Promise<string | undefined> {
  const available = await availableMemory()
  if (available >= spareBytes) return undefined
  return `only ${Math.round(available / 1024 ** 2)} MB of memory are available`
}

const spareBytes = 256 * 1024 ** 2
