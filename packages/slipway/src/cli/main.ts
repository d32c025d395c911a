#!/usr/bin/env node
import { guardCommand } from './guardian/address.ts'
import { tendCommand } from './tending/start.ts'
import { version } from './version.ts'

/** The entry: what needs nothing but the version loads nothing else. */
const argv = process.argv.slice(2)
if (argv[0] === '--version' || argv[0] === '-V') {
  process.stdout.write(argv.includes('--json') ? `${JSON.stringify({ version })}\n` : `${version}\n`)
} else if (argv[0] === guardCommand) {
  const { guard } = await import('./guardian/main.ts')
  await guard(argv)
} else if (argv[0] === tendCommand) {
  const { tendInBackground } = await import('./tending/main.ts')
  await tendInBackground(argv)
} else {
  const { runInProcess } = await import('./process.ts')
  await runInProcess(argv)
}
