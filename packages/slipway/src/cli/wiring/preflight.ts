import { mkdir, statfs } from 'node:fs/promises'
import { askDocker } from '../../support/docker-socket.ts'
import { SlipwayError } from '../../support/errors.ts'
import { tryDocker, dockerError } from '../../engine/docker.ts'
import { bringBackImages } from '../../engine/images.ts'
import type { RegistryLogin } from '../../engine/registry-login.ts'
import type { Checks, Database, DatabaseLogins } from '../../release/ports.ts'
import type { Layout } from '../../store/layout.ts'
import type { Begun } from './begun.ts'
import { backupsDirectory } from './database.ts'
import type { CheckedPath } from './database-path.ts'
import { availableMemory } from './memory.ts'
import { proveSecrets } from './environment-secrets.ts'
import type { ResolvedSource } from './resolve.ts'

/** Everything that can be known to hurt before anything changes. */
export function preflightChecks(input: PreflightInput): Checks {
  return {
    async preflight(plan, to) {
      const source = input.source()
      if (plan.kind === 'deploy' && source !== undefined) variablesAreSet(source)
      const secrets = plan.kind === 'deploy' && source !== undefined ? await proveSecrets(source, plan.current) : []
      await inOrder([
        input.begun.outcome('engine', engineAnswers),
        diskHasRoom(input.layout.environment, atLeast, 'Slipway keeps releases and journals there'),
        databaseIsWell(input, to, backupsDirectory(plan.config, input.layout), plan.database?.bytes),
        input.addressFree(),
        input.path?.check(plan.current) ?? Promise.resolve(),
      ])
      const pulled: string[] = []
      if (plan.kind === 'rollback' && plan.target !== undefined) {
        await bringBackImages(plan.target, input.logins, text => pulled.push(text))
      }
      return [...secrets, ...pulled, ...(await memoryWarnings())]
    },
  }
}

/** What takes longest, and depends on nothing that a plan says. */
export function beginChecks(begun: Begun<CheckedAhead>, login: Database | undefined): void {
  begun.begin('engine', engineAnswers)
  if (login !== undefined) begun.begin(login, () => login.proveLogin())
}

/** The engine, or the login that a database is reached by. */
export type CheckedAhead = 'engine' | Database

interface PreflightInput {
  layout: Layout
  source: () => ResolvedSource | undefined
  database: Database | undefined
  /** The database by the login of the app, when that is known. */
  appDatabase: Database | undefined
  /** Those that Slipway makes. */
  databaseLogins: DatabaseLogins | undefined
  begun: Begun<CheckedAhead>
  addressFree: () => Promise<void>
  path: Pick<CheckedPath, 'check'> | undefined
  /** For an earlier release's images, when they are not here any more. */
  logins: () => Promise<readonly RegistryLogin[]>
}

/** All at once, for speed; of several failures the first in order is told, for it is likely the cause of the others. */
async function inOrder(checks: Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(checks)) if (result.status === 'rejected') throw result.reason
}

/** A plan that was just made knows how big the database is, and by that also that it answers. */
async function databaseIsWell(
  input: PreflightInput,
  to: 'prepare' | 'look',
  backups: string,
  planned: number | undefined,
): Promise<void> {
  const { database, databaseLogins } = input
  if (database === undefined) return
  if (planned === undefined && !(await database.reachable())) return diskHasRoom(backups, atLeast, 'backups go there')
  const size = planned === undefined ? database.sizeBytes() : Promise.resolve(planned)
  // Nobody notices one that is new. It has to be there before it can be proved, and before it is copied for a rehearsal.
  const fresh = (await (to === 'prepare' ? databaseLogins?.provide() : databaseLogins?.missing())) ?? []
  // One that is not made yet can not be proved: then it is the server's own.
  const login = to === 'look' && fresh.length > 0 ? database : (input.appDatabase ?? database)
  const prove = (): Promise<void> => login.proveLogin()
  await inOrder([
    size.then(bytes => diskHasRoom(backups, atLeast + bytes, 'backups go there')),
    // One that did not answer the plan may only now have come up.
    planned === undefined || fresh.length > 0 ? prove() : input.begun.outcome(login, prove),
  ])
}

const atLeast = 256 * 1024 ** 2

async function engineAnswers(): Promise<void> {
  const [, compose] = await Promise.all([
    daemonAnswers(),
    tryDocker(['compose', 'version', '--short'], { timeoutMs: 15_000 }),
  ])
  const [major = 0, minor = 0] = compose.stdout.replace(/^v/, '').split('.').map(Number)
  if (compose.exitCode === 0 && (major > 2 || (major === 2 && minor >= 20))) return
  throw new SlipwayError('ENGINE_UNAVAILABLE', 'Docker Compose is missing or too old', {
    why: compose.exitCode === 0 ? `it is ${compose.stdout.trim()}, 2.20 is needed` : 'docker compose does not answer',
    state: 'nothing was changed',
    next: 'Install the package docker-compose-plugin.',
  })
}

async function daemonAnswers(): Promise<void> {
  if ((await askDocker('/version'))?.kind === 'found') return
  const argv = ['version', '--format', '{{.Server.Version}}']
  const engine = await tryDocker(argv, { timeoutMs: 15_000 })
  if (engine.exitCode !== 0) throw dockerError(argv, engine, { code: 'ENGINE_UNAVAILABLE' })
}

async function diskHasRoom(directory: string, bytes: number, why: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new SlipwayError('DISK_FULL', `The folder ${directory} can not be made`, {
      why: error instanceof Error ? error.message : String(error),
      state: 'nothing was changed',
      next: `Make it yourself and give it to this user: mkdir -p ${directory}`,
    })
  })
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  if (free >= bytes) return
  throw new SlipwayError('DISK_FULL', `Too little room in ${directory}`, {
    why: `${megabytes(free)} are free, ${megabytes(bytes)} are needed: ${why}`,
    state: 'nothing was changed',
    next: 'Free some space (docker system df shows what Docker uses) and deploy again.',
  })
}

async function memoryWarnings(): Promise<string[]> {
  const available = await availableMemory()
  return available < atLeast
    ? [`only ${megabytes(available)} of memory are available for two releases side by side`]
    : []
}

function variablesAreSet(source: ResolvedSource): void {
  if (source.missingVariables.length === 0) return
  const names = source.missingVariables.join(', ')
  throw new SlipwayError('SECRET_MISSING', `The Compose files need variables that are not set: ${names}`, {
    why: source.config.envFile === undefined ? 'there is no env file' : `${source.config.envFile} does not set them`,
    state: 'nothing was changed',
    next: `slipway secrets set ${source.config.environment} ${source.missingVariables[0] ?? ''}, or give them a default in the Compose file: \${NAME:-default}.`,
  })
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`
}
