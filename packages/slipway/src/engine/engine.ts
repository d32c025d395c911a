import type { ComposeDocument } from '../config/document.ts'
import type { ServiceRole } from '../config/model.ts'
import type { Release } from '../release/model.ts'
import type { Engine } from '../release/ports.ts'
import { dockerAnswers } from '../support/docker-silence.ts'
import { up, upAlone } from './compose-argv.ts'
import { checkHealth, containerLogs, containerLooks } from './containers.ts'
import { dockerError, tryDocker } from './docker.ts'
import { watchEvents } from './events.ts'
import { makeJob, runMigration } from './jobs.ts'
import { dependsOnNone, startMade, startsAsMade } from './made.ts'
import { files, migrateContainer, migrateService, releaseProject } from './names.ts'
import { networkName } from './network-argv.ts'
import { createNetworks, subnets } from './networks.ts'
import { pruneImages } from './prune.ts'
import { networksOf } from './release-document.ts'
import { readDocument, releaseCompose } from './release-files.ts'
import { removeRelease } from './removal.ts'
import { revive } from './revive.ts'
import { ensureState, stateMatches } from './state.ts'
import { quietWorkers, wakeWorkers } from './workers.ts'

/** The port `Engine` on Docker Engine and Compose: each release is a Compose project of its own, state is another. */
export function composeEngine(): Engine {
  return {
    ensureState,
    stateMatches,
    makeReady,
    migrate: (release, _migrate, timeoutMs) => runMigration(release, timeoutMs),
    start,
    containers: containerLooks(),
    watch: watchEvents,
    checkHealth,
    logs: containerLogs,
    quietWorkers,
    wakeWorkers,
    remove: removeRelease,
    async doorNetworks(release) {
      return doorNetworks(release, await readDocument(release, files.document))
    },
    async databaseNetworks(release) {
      if (release.database === undefined) return []
      const document = await readDocument(release, files.document)
      await createNetworks(release, document)
      return subnets(release, document, release.database)
    },
    prune: pruneImages,
    revive,
    answers: dockerAnswers,
  }
}

/** Whatever can not be made now is made in its step, which says why it can not. */
async function makeReady(release: Release): Promise<void> {
  const asTheyAre = () => Promise.reject(new Error('state services change in their own step'))
  await ensureState(release, asTheyAre).catch(() => undefined)
  const names = release.services.filter(each => each.role === 'web' || each.role === 'worker').map(each => each.name)
  const job = migrateContainer(releaseProject(release.project, release.id))
  if (!startsAsMade(await readDocument(release, files.release), [migrateService])) return
  if (await makeJob(job, rest => releaseCompose(release, rest), names)) made.add(release.directory)
}

/** By this process, whole: of any other it is not known how far it came. */
const made = new Set<string>()

async function start(release: Release, role?: 'web' | 'worker'): Promise<void> {
  const wanted: readonly ServiceRole[] = role === undefined ? ['web', 'worker'] : [role]
  const services = release.services.filter(each => wanted.includes(each.role)).map(each => each.name)
  if (services.length === 0) return
  if (made.has(release.directory) && (await startMadeAhead(release, services))) return
  // Of one role: without what it depends on, which may be of the other.
  const argv = releaseCompose(release, role === undefined ? up(services) : upAlone(services))
  let result = await tryDocker(argv)
  // Its networks are there as a rule: to look first would keep requests waiting.
  if (/network \S+ declared as external, but could not be found/i.test(result.stderr)) {
    await createNetworks(release, await readDocument(release, files.document))
    result = await tryDocker(argv)
  }
  if (result.exitCode === 0) return
  throw dockerError(argv, result, {
    code: 'START_FAILED',
    attempted: `${release.id} could not be started`,
    next: 'Mend the cause shown above and deploy again.',
  })
}

async function startMadeAhead(release: Release, services: readonly string[]): Promise<boolean> {
  const document = await readDocument(release, files.release)
  if (!startsAsMade(document, services) || !dependsOnNone(document, services)) return false
  return startMade(release, services)
}

/** The door reaches each web service on one network: the first of the release's own that the service is attached to. */
function doorNetworks(release: Release, document: ComposeDocument): string[] {
  const names = release.services
    .filter(service => service.role === 'web')
    .flatMap(({ name }) => {
      const keys = networksOf(document.services[name])
      return keys.find(key => document.networks?.[key]?.external !== true) ?? keys.slice(0, 1)
    })
    .map(key => networkName(release, document, key))
  return [...new Set(names)]
}
