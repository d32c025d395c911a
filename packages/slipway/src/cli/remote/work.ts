import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '../../release/events.ts'
import type { DeploymentRecord } from '../../release/model.ts'
import { errorDocument } from '../../runner/error-document.ts'
import { isRunId, workCommand, type RunId } from '../../runner/names.ts'
import { noteDeployed, readDeployed } from '../../runner/deployed.ts'
import { endOf, openRun, toldEvents, type Ended, type RunWriter } from '../../runner/run-lines.ts'
import { begin, forgetSecrets, waitForOrder, type Order } from '../../runner/runs.ts'
import { takeOver } from '../../secrets/handed-over.ts'
import { fileJournal } from '../../store/journal.ts'
import { layout, type Layout } from '../../store/layout.ts'
import { operatorVariable } from '../../store/lock.ts'
import { asSlipwayError, exitCodes, SlipwayError, type ErrorCode } from '../../support/errors.ts'
import { redactor } from '../../support/redact.ts'
import { openHere } from '../wiring/open-here.ts'
import type { RealApplication } from '../wiring/real-application.ts'
import { takePasswords } from '../wiring/registries.ts'
import { endCutOff } from './cut-off.ts'
import { leaveToItsRunner, otherRunnerLives } from './its-runner.ts'

/** The runner's second process: carries out the order, or brings to its end what died, and tells it line by line. */
export async function work(argv: readonly string[]): Promise<number> {
  const [command, project, run] = argv
  if (command !== workCommand || project === undefined || !isRunId(run)) return exitCodes.usage
  const place = layout(project)
  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupt.abort(name))
  const order = await waitForOrder(place.runs, run, patienceMs, interrupt.signal)
  if (order === undefined) return exitCodes.ok
  if ((await endOf(place.runs, run)) !== undefined) return takeUp(order, place)
  const isFirst = await begin(place.runs, run)
  await forgetSecrets(place.runs, run, order)
  process.env[operatorVariable] = order.by
  const lines = await openRun(place.runs, run)
  try {
    lines.write({
      ended: await (isFirst
        ? carryOut({ project, run }, order, place, lines, interrupt.signal)
        : bringToEnd(order, run, place, lines)),
    })
    return exitCodes.ok
  } catch (thrown) {
    const error = redactor([]).error(asSlipwayError(thrown, 'The deployment could not begin'))
    // What was begun must come to its end: what stands in the way, such as an engine that is down, may pass.
    if (!isFirst && !final.has(error.code)) return exitCodes.failedNothingChanged
    lines.write({ ended: { error: errorDocument(error) } })
    return exitCodes.ok
  } finally {
    await lines.close()
  }
}

interface Own {
  project: string
  run: RunId
}

const final = new Set<ErrorCode>(['RUNNER_FAILED', 'NEEDS_PERSON'])

async function carryOut(
  { project, run }: Own,
  order: Order,
  place: Layout,
  lines: RunWriter,
  signal: AbortSignal,
): Promise<Ended> {
  const { promotion, agreementKey } = order
  const following = agreementKey === undefined ? {} : { agreementKey }
  const emit = (event: Event): void => lines.write({ event })
  await leaveToItsRunner(place, () => otherRunnerLives(project, run))
  await endCutOff(place, order, emit)
  Object.assign(process.env, order.variables)
  takeOver(order.secrets)
  takePasswords(order.passwords)
  const application = await openHere(order.configFile, order.environment)
  const begins = (): Promise<void> => noteDeployed(place, order)
  if (order.act === 'deploy')
    return {
      record: await application.deploy(
        { signal, ...following, ...(promotion === undefined ? {} : { promotion }) },
        emit,
        begins,
      ),
    }
  return { record: await application.rollback({ signal, ...following, ...order.rollback }, emit, begins) }
}

/**
 * The one that carried it out is dead. Its guardian, or this, ends the deployment; the journal tells what the lines do
 * not. A deployment that had not begun is not begun now: nobody knows what the person who asked has done since.
 * What is unfinished may be another run's, which this one found the lock taken by: whose it is has noted its configuration.
 */
async function bringToEnd(order: Order, run: RunId, place: Layout, lines: RunWriter): Promise<Ended> {
  const application = await openDeployed(order, place)
  await resumed(() => application.resume({ signal: new AbortController().signal }, () => undefined))
  const told = await toldEvents(place.runs, run)
  // Of one that this run found cut off and ended first, no start is told here.
  const id = told.findLast(event => event.type === 'deployment-started')?.id
  const [newest, ...older] = await application.history()
  const record = id === undefined ? startedBy(order, newest) : [newest, ...older].find(each => each?.id === id)
  if (record === undefined) {
    throw new SlipwayError('RUNNER_FAILED', 'The runner died before the deployment began', {
      why: 'it was killed, or the machine was restarted',
      state: 'nothing was changed',
      next: 'Deploy again.',
    })
  }
  const begun = told.findIndex(event => event.type === 'deployment-started' && event.id === id)
  const known = begun < 0 ? 0 : told.length - begun
  for (const event of (await fileJournal(place).read(record.id)).slice(known)) lines.write({ event })
  return { record }
}

/**
 * Its deployment has ended, and what came after it was cut off: the runner was started again with the machine. Whoever
 * only looks goes by what was deployed last.
 */
async function takeUp(order: Order, place: Layout): Promise<number> {
  process.env[operatorVariable] = order.by
  try {
    const application = await openDeployed(order, place)
    await resumed(() => application.resume({ signal: new AbortController().signal }, () => undefined))
    return exitCodes.ok
  } catch (thrown) {
    const error = redactor([]).error(asSlipwayError(thrown, 'What was cut off could not be taken up again'))
    process.stderr.write(`${error.message}: ${error.why ?? error.code}\n`)
    return final.has(error.code) ? exitCodes.ok : exitCodes.failedNothingChanged
  }
}

/** What was cut off before anything was noted was the first. */
async function openDeployed(order: Order, place: Layout): Promise<RealApplication> {
  const { configFile, variables } = (await readDeployed(place)) ?? order
  Object.assign(process.env, variables)
  return openHere(configFile, order.environment)
}

/** It may have died after its journal began and before it told anybody. */
function startedBy(order: Order, record: DeploymentRecord | undefined): DeploymentRecord | undefined {
  return record !== undefined && record.by === order.by && record.startedAt >= order.at ? record : undefined
}

/** While a guardian has the lock, it does this very work. */
async function resumed(resume: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await resume()
      return
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'LOCKED' || tries >= mostTries) throw error
      await sleep(1000)
    }
  }
}

const mostTries = 600
/** For an order, from the last sign of life of the session that prepares it. */
const patienceMs = 15 * 60_000
