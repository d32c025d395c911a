/** Lets the TypeScript of the demo and the tests import setup.mjs. */
type Log = (line: string) => void

export function setUp(options?: {
  images?: readonly string[]
  log?: Log
}): Promise<{ started: boolean; environment: Record<string, string> }>

export function stopDocker(options?: { log?: Log }): Promise<{ stopped: boolean }>
