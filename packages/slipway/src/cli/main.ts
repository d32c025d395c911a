#!/usr/bin/env node
import { version } from './version.ts'

/** The entry: what needs nothing but the version loads nothing else. */
const argv = process.argv.slice(2)
if (argv[0] === '--version' || argv[0] === '-V') {
  process.stdout.write(argv.includes('--json') ? `${JSON.stringify({ version })}\n` : `${version}\n`)
} else {
  const { runInProcess } = await import('./process.ts')
  await runInProcess(argv)
}
