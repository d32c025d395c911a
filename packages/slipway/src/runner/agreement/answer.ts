import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { layout } from '../../store/layout.ts'
import { exitCodes } from '../../support/errors.ts'
import { decisionsOnDisk } from './decisions.ts'
import { boundedLines } from './lines.ts'
import { agreeCommand } from '../names.ts'
import { agreementPlace, isServerName } from './place.ts'
import { agreementGreeting, longestAsk, readAsk, type Answer, type Ask } from './protocol.ts'
import { keepReport } from './reports.ts'

/**
 * The answering side on the server that decides, started by one follower's key and for that follower alone: it stores
 * what it is told and answers from the journal. It runs nothing, and reads and writes nothing else. Whatever is no
 * question ends it.
 */
export async function answerFollower(argv: readonly string[], input: Readable, output: Writable): Promise<number> {
  const [command, project, server, ...more] = argv
  if (command !== agreeCommand || project === undefined || !isServerName(server) || more.length > 0) {
    process.stderr.write('This command is for slipway itself.\n')
    return exitCodes.usage
  }
  output.on('error', () => input.destroy())
  output.write(`${agreementGreeting}\n`)
  const place = layout(project)
  const silence = setTimeout(() => input.destroy(), longestSilenceMs)
  try {
    for await (const line of boundedLines(input, longestAsk)) {
      silence.refresh()
      const ask = readAsk(line)
      if (ask === undefined) return exitCodes.usage
      // One after the other: whoever asks more often waits.
      if (!output.write(`${JSON.stringify(await answered(place, server, ask))}\n`)) await once(output, 'drain')
    }
    return exitCodes.ok
  } catch {
    // The other side is gone, or was silent.
    return exitCodes.ok
  } finally {
    clearTimeout(silence)
  }
}

/** A follower asks all the time, and connects again when it has to: nobody else should have to wait for a dead one. */
const longestSilenceMs = 10_000

async function answered(place: ReturnType<typeof layout>, server: string, { ask, key, report }: Ask): Promise<Answer> {
  try {
    if (report !== undefined) await keepReport(agreementPlace(place).reports, server, key, report)
    return { of: ask, decisions: await decisionsOnDisk(place, key) }
  } catch (error) {
    // A disk that can not be read has decided nothing.
    return { of: ask, failed: error instanceof Error ? error.message.slice(0, 200) : 'the journal can not be read' }
  }
}
