import { PassThrough } from 'node:stream'
import { SlipwayError } from '../../support/errors.ts'
import type { Connection } from '../ssh/connection.ts'
import { becoming, stepLock } from './root.ts'
import type { Situation } from './topic.ts'

/**
 * One set-up of a server at a time: a second one would take the first one's clock for one that was left behind, stop it,
 * and the first one's change would keep everybody out for good. A process of this login holds a lock for as long as it
 * hears from us. When the login ends, or nothing is heard for a minute (a laptop that was closed), the lock is free.
 */
export async function takeTurn(connection: Connection, situation: Situation): Promise<Turn> {
  const pulse = new PassThrough()
  const said = new PassThrough({ encoding: 'utf8' })
  let isOver = false
  const ended = connection.stream(turnArgv(situation), { input: pulse, output: said }).then(
    result => {
      isOver = true
      return result.stderr
    },
    (error: unknown) => {
      isOver = true
      return String(error)
    },
  )
  const answer = await Promise.race([firstLine(said), ended.then(() => '')])
  if (answer !== 'yours') {
    pulse.end()
    throw notOurs(connection.server.name, answer, await ended)
  }
  const timer = setInterval(() => pulse.write('.'), (silenceSeconds / 4) * 1000)
  timer.unref()
  return {
    isHeld: () => !isOver,
    assureHeld: () => {
      if (isOver) throw lost(connection.server.name)
    },
    end: async () => {
      clearInterval(timer)
      pulse.end()
      await ended
    },
  }
}

export interface Turn {
  isHeld(): boolean
  /** Throws when another set-up may have begun meanwhile. */
  assureHeld(): void
  end(): Promise<void>
}

const silenceSeconds = 60
/** Longer than the step of a set-up that was cut off may run under its clock, unless somebody chose a long one. */
const stepSeconds = 90

const turnLock = '/run/slipway-setup.lock'

function turnArgv({ facts, wishes }: Situation): string[] {
  const who = `${wishes.app}, by ${facts.user} from ${facts.clientAddress}`
  return [...becoming(facts), 'sh', '-c', turnScript, 'slipway-setup', who, String(silenceSeconds), String(stepSeconds)]
}

/**
 * A login that just ended takes a moment to be gone. What a set-up that was cut off still runs is waited for: its clock
 * could not be judged before. Nobody else may open the files, since whoever can read one could lock it.
 */
const turnScript = `umask 077
exec 9<>${turnLock} 8<>${stepLock}
if ! flock --wait 3 9; then echo "held $(head -n 1 ${turnLock})"; exit 1; fi
echo "$1, since $(date -u '+%Y-%m-%d %H:%M:%S UTC')" > ${turnLock}
if ! flock --wait "$3" 8; then echo busy; exit 1; fi
exec 8>&-
echo yours
while [ -n "$(exec 9>&-; timeout --foreground "$2" head -c 1)" ]; do :; done
`

function firstLine(output: PassThrough): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    output.on('data', (part: string) => {
      text += part
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '')
    })
  })
}

function notOurs(server: string, answer: string, printed: string): SlipwayError {
  const attempted = `Setting up server ${server}`
  if (answer.startsWith('held ')) {
    return new SlipwayError('LOCKED', attempted, {
      why: `Another set-up of it is under way: for ${answer
        .slice('held '.length)
        .replace(/\p{Cc}/gu, '?')
        .slice(0, 200)}.`,
      state: 'This one changed nothing.',
      next: `Wait until that one has ended; if it was cut off, the server notices within a minute. Then: slipway server setup ${server}`,
    })
  }
  if (answer === 'busy') {
    return new SlipwayError('LOCKED', attempted, {
      why: 'A step of a set-up that was cut off still runs there.',
      state: 'This one changed nothing.',
      next: `Wait a few minutes, then: slipway server setup ${server}`,
    })
  }
  return new SlipwayError('SERVER_COMMAND_FAILED', attempted, {
    why: 'The lock that keeps two set-ups apart could not be taken.',
    state: 'This one changed nothing.',
    next: 'Look at what is said here, then run it again.',
    output: [printed.trim()].filter(line => line !== ''),
  })
}

function lost(server: string): SlipwayError {
  return new SlipwayError('SETUP_FAILED', `Setting up server ${server}`, {
    why: 'The server did not hear from this set-up for a minute, so that another one may have begun.',
    state:
      'What was proven before stays. What was under way goes back by the clock of the server, or the next set-up settles it.',
    next: `Run it again, it goes on from there: slipway server setup ${server}`,
  })
}
