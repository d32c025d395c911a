export interface TrafficOptions {
  baseUrl: string
  rate: number
  hosts?: string[]
  writes?: {
    path: string
    makeBody: (id: string) => unknown
    share?: number
    host?: string
    acknowledges?: (body: unknown, id: string) => boolean
  }
  reads?: { path: string; host?: string; check?: (body: unknown) => boolean }[]
  timeoutMs?: number
  versionOf?: (body: unknown) => string | undefined
  ledgerFile?: string
  heard?: (answer: { dueAt: number; milliseconds: number; ok: boolean }) => void
}

export interface TrafficCounts {
  sent: number
  ok: number
  failed: number
}

export interface TrafficSummary extends TrafficCounts {
  outstanding: number
  byKind: { read: TrafficCounts; write: TrafficCounts }
  failures: Record<string, number>
  firstFailures: { at: string; afterMs: number; request: string; failure: string; said?: string }[]
  latencyMs: { p50: number; p99: number; max: number }
  longestGapMs: number
  versions: Record<string, number>
  seconds: number
  latestStartMs: number
}

export interface Comparison {
  acknowledged: number
  lost: number
  lostIds: string[]
  others: number
}

export interface Traffic {
  summary(): TrafficSummary
  stop(): Promise<TrafficSummary>
  verify(
    listIds: string | { path: string; host?: string } | (() => Iterable<string> | Promise<Iterable<string>>),
  ): Promise<Comparison>
}

export declare function startTraffic(options: TrafficOptions): Traffic
