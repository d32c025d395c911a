/** Lets the TypeScript of the tests import images.mjs. */
export function ensureImages(names: readonly string[], options?: { log?: (line: string) => void }): Promise<unknown>
