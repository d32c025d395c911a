import { exitCodes } from '../../support/errors.ts'
import { readTendArgv } from './start.ts'

/** The process beside a warm release. What it does is in the journal and in `slipway history`; it has nobody to tell. */
export async function tendInBackground(argv: readonly string[]): Promise<never> {
  const place = readTendArgv(argv)
  if (place === undefined) {
    process.stderr.write('This command is for slipway itself. slipway status shows what is kept warm.\n')
    process.exit(exitCodes.usage)
  }
  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort())
  const { tendWarm } = await import('../wiring.ts')
  const ended = await tendWarm(place.configFile, place.environment, interrupt.signal).then(
    () => exitCodes.ok,
    () => exitCodes.failedNothingChanged,
  )
  process.exit(ended)
}
