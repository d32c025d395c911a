#!/usr/bin/env node
import { guardCommand } from './guardian/address.ts'
import { agreeCommand, relayCommand, runnerCommand, sessionCommand, workCommand } from '../runner/names.ts'
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
} else if (argv[0] === sessionCommand) {
  const { serveSession } = await import('./remote/serve.ts')
  process.exit(await serveSession(argv, process.stdin, process.stdout))
} else if (argv[0] === runnerCommand) {
  const { supervise } = await import('./remote/supervise.ts')
  process.exit(await supervise(argv))
} else if (argv[0] === workCommand) {
  const { work } = await import('./remote/work.ts')
  process.exit(await work(argv))
} else if (argv[0] === agreeCommand) {
  const { answerFollower } = await import('../runner/agreement/answer.ts')
  process.exit(await answerFollower(argv, process.stdin, process.stdout))
} else if (argv[0] === relayCommand) {
  const { passOn } = await import('../runner/relay.ts')
  passOn(argv)
} else {
  const { runInProcess } = await import('./process.ts')
  await runInProcess(argv)
}
