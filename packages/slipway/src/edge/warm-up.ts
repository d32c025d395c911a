import type { Probe } from '../release/ports.ts'

/**
 * Asks a web service as many people at once would, so that its connections are open and its code is compiled before the
 * first of them come: the first 30 requests of an app on Node otherwise take 100 to 250 ms. What it answers decides nothing.
 * One that takes long to answer is left alone, and so is one whose time is over.
 */
export async function warmUp(
  ask: (path: string) => Promise<Probe>,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0) return
  const startedAt = performance.now()
  for (let round = 0; round < rounds; round++) {
    const askedAt = performance.now()
    if (signal.aborted || askedAt - startedAt > limitMs) return
    const asked = Array.from({ length: atOnce }, (_, index) => ask(paths[(round + index) % paths.length] ?? '/'))
    const probes = await Promise.all(asked)
    const busy = probes.every(probe => probe.kind === 'no-answer') || performance.now() - askedAt > busyMs
    if (busy) return
  }
}

const atOnce = 10
const rounds = 20
const limitMs = 1000
const busyMs = 500
