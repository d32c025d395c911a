import { SlipwayError } from '../../support/errors.ts'
import { lastLines } from '../../support/run.ts'
import type { Connection } from '../ssh/connection.ts'
import { assureLetIn } from './admin-addresses.ts'
import { aptFunctions } from './apt-functions.ts'
import { ask, situationOf } from './check.ts'
import { armedScript, armScript, disarmScript, revertNowScript, stillArmedScript } from './guard.ts'
import { asRoot, installing, type AsRoot, type Limits } from './root.ts'
import type { Finding, Situation, Topic } from './topic.ts'
import { topics as allTopics } from './topics.ts'
import { takeTurn, type Turn } from './turn.ts'
import type { Wishes } from './wishes.ts'

/**
 * Brings a server to what is wanted: runs the script of each topic in which a control does not hold, and asks again.
 * Before what could keep everybody out, a way back is armed on the server itself; it is taken away only after a new
 * login, with the new settings, has proven that one gets in and becomes root.
 */
export async function setUpServer(connection: Connection, wishes: Wishes, options: SetUpOptions): Promise<SetUpReport> {
  const situation = await situationOf(connection, wishes)
  assureLetIn(connection.server.name, situation)
  const turn = await takeTurn(connection, situation)
  try {
    return await bringAboutAll({ connection, root: asRoot(connection, situation.facts), situation, options, turn })
  } finally {
    await turn.end()
  }
}

async function bringAboutAll(work: Work): Promise<SetUpReport> {
  const { connection, situation, options, turn } = work
  const topics = options.topics ?? allTopics
  await settle(work)
  const before = await ask(connection, work.root, topics, situation)
  let findings = before
  // A second round for what the end of the first undid; a server at rest needs none.
  for (let round = 0; round < 2 && findings.some(isPending); round += 1) {
    for (const topic of topics.filter(each =>
      findings.some(finding => finding.topic === each.id && isPending(finding)),
    )) {
      turn.assureHeld()
      await bringAbout(topic, work)
    }
    findings = await ask(connection, work.root, topics, situation)
  }
  const left = findings.filter(isPending)
  if (left.length > 0) throw notHolding(left, work)
  return { situation, findings, changed: before.filter(isPending) }
}

export interface SetUpOptions {
  /** A login of its own, as the user who deploys will: throws when it does not succeed. */
  proveLogin(): Promise<void>
  /** How long the way back waits for the proof. */
  guardSeconds: number
  note(text: string): void
  signal?: AbortSignal
  topics?: readonly Topic[]
}

export interface SetUpReport {
  situation: Situation
  /** All controls, as they are now. */
  findings: Finding[]
  /** Those that did not hold before, as they were then. */
  changed: Finding[]
}

interface Work {
  connection: Connection
  root: AsRoot
  situation: Situation
  options: SetUpOptions
  turn: Turn
}

async function bringAbout(topic: Topic, work: Work): Promise<void> {
  const { options } = work
  if (options.signal?.aborted === true) throw new SlipwayError('INTERRUPTED', 'Interrupted', { state: stopped })
  options.note(topic.title)
  if (topic.risk === 'none') await carryOut(topic, work, installing)
  else await carryOutGuarded(topic, work)
}

async function carryOut(topic: Topic, work: Work, limits: Limits, before = ''): Promise<void> {
  const { connection, root, situation } = work
  const prelude = topic.prelude?.(situation) ?? ''
  const result = await root(`${before}${aptFunctions}\n${prelude}\n${topic.script(situation)}`, {
    ...limits,
    alone: true,
  })
  if (result.exitCode !== 0) {
    const why =
      result.timedOut || result.exitCode === killedByTimeout ? 'It took too long.' : 'Its script stopped with an error.'
    throw failed(topic, work, why, lastLines(result.stderr === '' ? result.stdout : result.stderr))
  }
  const pending = (await ask(connection, root, [topic], situation)).filter(isPending)
  if (pending.length > 0) throw failed(topic, work, 'It was done, and still does not hold.', pending.map(inWords))
}

/** Whatever fails here, the server is put back: now, over the connection that still is, or by its own clock. */
async function carryOutGuarded(topic: Topic, work: Work): Promise<void> {
  const { root, options, turn } = work
  // Without this the proof afterwards could blame the change for what was wrong before.
  if (topic.risk === 'login') await options.proveLogin()
  const armed = await root(armScript(options.guardSeconds), { alone: true })
  if (armed.exitCode !== 0 || armed.stdout.trim() !== 'armed') {
    throw failed(topic, work, 'The way back could not be armed, so nothing risky was done.', lastLines(armed.stderr))
  }
  try {
    // It must have ended when the server goes back: what came after would stay.
    const runSeconds = Math.max(1, Math.floor(options.guardSeconds * 0.6))
    await carryOut(topic, work, { runSeconds }, stillArmedScript)
    await options.proveLogin()
  } catch (error) {
    const reverted = turn.isHeld() ? await root(revertNowScript, { alone: true }).catch(() => undefined) : undefined
    throw putBack(topic, work, error, reverted?.stdout.trim() === 'reverted')
  }
  // What is armed now may be the way back of another set-up.
  turn.assureHeld()
  const disarmed = await root(disarmScript, { alone: true })
  if (disarmed.stdout.trim() !== 'disarmed') {
    throw failed(
      topic,
      work,
      'It took longer than the way back waits, so the server went back.',
      lastLines(disarmed.stderr),
    )
  }
}

/** As timeout(1) says it. */
const killedByTimeout = 124

/** A set-up that was cut off may have left the clock running: its change is proven now, or goes back at once. */
async function settle({ root, options }: Work): Promise<void> {
  const { stdout } = await root(armedScript)
  if (stdout.trim() !== 'armed') return
  options.note('An earlier set-up was cut off')
  const proven = await options.proveLogin().then(
    () => true,
    () => false,
  )
  await root(proven ? disarmScript : revertNowScript, { alone: true })
}

function isPending(finding: Finding): boolean {
  return finding.state === 'pending'
}

function inWords({ id, found, wanted }: Finding): string {
  return `${id}: found ${found === '' ? 'nothing' : found}, wanted ${wanted}`
}

const stopped = 'What was set up before stays; the rest is not done. Running it again goes on from there.'

function failed(topic: Topic, { connection }: Work, why: string, output: readonly string[]): SlipwayError {
  return new SlipwayError('SETUP_FAILED', `Setting up ${topic.title} on server ${connection.server.name}`, {
    why,
    state: stopped,
    next: `Look at what is said here, then run again: slipway server setup ${connection.server.name}`,
    output,
  })
}

function notHolding(left: readonly Finding[], { connection }: Work): SlipwayError {
  return new SlipwayError('SETUP_FAILED', `Setting up server ${connection.server.name}`, {
    why: 'Something on the server undoes what was set up.',
    state: 'Everything else is as wanted.',
    next: 'Find out what changes these, then run it again.',
    output: left.map(inWords),
  })
}

function putBack(topic: Topic, work: Work, error: unknown, reverted: boolean): SlipwayError {
  const { connection, options } = work
  const known = error instanceof SlipwayError ? error : undefined
  return new SlipwayError('SETUP_FAILED', `Setting up ${topic.title} on server ${connection.server.name}`, {
    why: known === undefined ? String(error) : [known.message, known.why].filter(Boolean).join(': '),
    state: reverted
      ? 'The server was put back: logins work as before.'
      : `The server begins to put itself back within ${options.guardSeconds} s: logins then work as before.`,
    next: `Find out what kept the new login out, then run again: slipway server setup ${connection.server.name}`,
    output: known?.output,
    cause: error,
  })
}
