/** Lets the TypeScript of the tests import docker.mjs. */
export function ensureDocker(options?: {
  log?: (line: string) => void
}): Promise<{ environment: Record<string, string> }>
