import type { Comparison } from './traffic.mjs'

export declare function compareIds(acknowledged: ReadonlySet<string>, listed: Iterable<string>): Comparison
export declare function readLedger(file: string): Set<string>
