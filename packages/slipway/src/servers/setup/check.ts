import { SlipwayError } from '../../support/errors.ts'
import { lastLines } from '../../support/run.ts'
import type { Connection } from '../ssh/connection.ts'
import { checkScript, readFindings } from './check-script.ts'
import { assureSuitable, factsScript, readFacts } from './facts.ts'
import { asRoot, type AsRoot } from './root.ts'
import type { Finding, Situation, Topic } from './topic.ts'
import { topics as allTopics } from './topics.ts'
import type { Wishes } from './wishes.ts'

/** What a set-up would change, by asking what is in force. Nothing on the server changes. */
export async function checkServer(connection: Connection, wishes: Wishes): Promise<CheckedServer> {
  const situation = await situationOf(connection, wishes)
  return { situation, findings: await ask(connection, asRoot(connection, situation.facts), allTopics, situation) }
}

export interface CheckedServer {
  situation: Situation
  findings: Finding[]
}

/** Throws SERVER_UNSUITABLE for a server that set-up does not know, or that this login may not set up. */
export async function situationOf(connection: Connection, wishes: Wishes): Promise<Situation> {
  const result = await connection.script(factsScript, [], { timeoutMs: 30_000 })
  const facts = readFacts(result.stdout)
  assureSuitable(connection.server, facts)
  return { facts, wishes }
}

export async function ask(
  connection: Connection,
  root: AsRoot,
  topics: readonly Topic[],
  situation: Situation,
): Promise<Finding[]> {
  const result = await root(checkScript(topics, situation), { waitMs: 120_000 })
  const findings = readFindings(result.stdout, topics, situation)
  if (findings !== undefined) return findings
  throw new SlipwayError('SERVER_COMMAND_FAILED', `Checking server ${connection.server.name}`, {
    why: result.timedOut ? 'It took too long.' : 'The checks did not come to their end.',
    state: 'A check changes nothing.',
    output: lastLines(result.stderr),
  })
}
