export declare const releases: string[]
export declare function materialise(target: string, name?: string, options?: { git?: boolean; port?: number }): void
