export interface PrepareOptions {
  log?: (line: string) => void
  docker?: boolean
}

export declare function prepare(options?: PrepareOptions): Promise<{ startedEngine: boolean }>
export declare function stopEngine(): Promise<{ stopped: boolean }>
