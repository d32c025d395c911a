import { readDeployed } from '../../runner/deployed.ts'
import { fileJournal } from '../../store/journal.ts'
import { layout, slipwayHome, type Layout } from '../../store/layout.ts'
import { knownProjects, readPlace } from '../../store/places.ts'
import { fileWarm } from '../../store/warm.ts'
import { redactor } from '../../support/redact.ts'
import { asSlipwayError, SlipwayError } from '../../support/errors.ts'
import type { ResumeAll, ResumedProject } from '../application.ts'
import { isHalfMade } from './half-made.ts'
import { openHere } from './open-here.ts'

/**
 * Ends what was cut off in any environment that this machine deploys itself, and has each warm release looked after
 * again. One after the other, as each marks the programs that it starts with its own lock. What fails in one keeps no
 * other from its end.
 */
export const resumeAll: ResumeAll = async (signal, heard) => {
  const home = slipwayHome()
  const results: ResumedProject[] = []
  for (const project of await knownProjects(home)) {
    if (signal.aborted) break
    const result = await resumeOne(layout(project, home), project)
    results.push(result)
    heard(result)
  }
  return results
}

async function resumeOne(place: Layout, project: string): Promise<ResumedProject> {
  try {
    // What nobody deploys any more may have lost its slipway.yaml, and that is no trouble.
    if (!(await hasSomethingToDo(place))) return { project, outcome: 'nothing' }
    const known = await readPlace(place)
    if (known === undefined) {
      // Deployed from elsewhere: Docker starts its runner again.
      if ((await readDeployed(place)) !== undefined) return { project, outcome: 'nothing' }
      throw placeUnknown(project, place)
    }
    const application = await openHere(known.configFile, known.environment)
    if (application.project !== project) throw anotherProject(project, known.configFile)
    const record = await application.resume({ signal: new AbortController().signal }, () => undefined)
    return record === undefined ? { project, outcome: 'looked after' } : { project, outcome: 'ended', record }
  } catch (thrown) {
    const error = redactor([]).error(asSlipwayError(thrown, `What was cut off of ${project} could not be ended`))
    return error.code === 'LOCKED' ? { project, outcome: 'under way' } : { project, outcome: 'failed', error }
  }
}

async function hasSomethingToDo(place: Layout): Promise<boolean> {
  if ((await fileJournal(place).unfinished()) !== undefined) return true
  return (await fileWarm(place).read()) !== undefined || (await isHalfMade(place))
}

function placeUnknown(project: string, { environment }: Layout): SlipwayError {
  return new SlipwayError('NO_RELEASE', `It is not known where the slipway.yaml of ${project} lies`, {
    why: `${environment} was made by an older Slipway`,
    state: 'nothing was changed',
    next: 'Run slipway resume in its folder, once; from the next deployment on it is known.',
  })
}

function anotherProject(project: string, configFile: string): SlipwayError {
  return new SlipwayError('CONFIG_INVALID', `${configFile} is not of ${project} any more`, {
    why: 'its app has another name now',
    state: 'nothing was changed',
    next: `Run slipway resume with the configuration with which ${project} was deployed.`,
  })
}
