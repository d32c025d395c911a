import { spawn } from 'node:child_process'
import type { Layout } from '../../store/layout.ts'
import { lockVariable } from '../../store/leftover-programs.ts'

/** The hidden command by which the command line starts who looks after a warm release. */
export const tendCommand = '__tend'

/**
 * Starts, in the background and in a session of its own, what watches on and in the end stops the warm release. Without
 * it the next deployment does that, so that it could not be started is no failure. `elsewhere`: has it done by somebody who
 * outlives the container of this process; false: there is nobody.
 */
export async function startTending(
  { file, environment }: { file: string; environment: string },
  layout: Layout,
  elsewhere = nobodyElse,
): Promise<void> {
  if (await elsewhere().catch(() => false)) return
  const entry = process.argv[1]
  if (entry === undefined || !/\.m?js$|\/slipway$/.test(entry)) return
  try {
    const child = spawn(process.execPath, [entry, tendCommand, file, environment], {
      cwd: '/',
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, SLIPWAY_HOME: layout.home, [lockVariable]: undefined },
    })
    child.on('error', () => undefined)
    child.unref()
  } catch {
    // As said above.
  }
}

const nobodyElse = (): Promise<boolean> => Promise.resolve(false)

/** Undefined: this is nothing that a person should call. */
export function readTendArgv(argv: readonly string[]): { configFile: string; environment: string } | undefined {
  const [command, configFile, environment, ...more] = argv
  if (command !== tendCommand || configFile === undefined || environment === undefined || more.length > 0)
    return undefined
  return { configFile, environment }
}
