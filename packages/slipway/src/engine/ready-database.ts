import type { ComposeService } from '../config/document.ts'
import { labels } from './names.ts'
import { hash } from './state-document.ts'

/**
 * The first set-up of a PostgreSQL takes longer than its every later start. An image of one that is set up, with nothing
 * in it, lets the copy of a rehearsal begin at once. It is made once for an image of the database's on a machine, and it
 * knows no secret: roles and their passwords come to a copy from the live database. Pure.
 */
export interface FirstSetUp {
  /** Of the database, as the Compose file names it. */
  image: string
  /** All that decides what there is afterwards. */
  environment: Record<string, string>
}

/**
 * Of a service on the stage that runs PostgreSQL. Undefined: more decides than is known here, and the image itself has to
 * do it each time. The database of that name is not made: a copy gets its own, with the encoding of the live one.
 */
export function firstSetUp(service: ComposeService, database: string): FirstSetUp | undefined {
  const { image, environment = {} } = service
  if (image === undefined || !isPlain(service)) return undefined
  const decides: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (isBesides.test(name)) continue
    if (value === null || !isKnown.test(name)) return undefined
    decides[name] = value
  }
  if (elsewhere.test(decides['POSTGRES_INITDB_ARGS'] ?? '')) return undefined
  const first = decides['POSTGRES_DB'] ?? decides['POSTGRES_USER'] ?? 'postgres'
  return { image, environment: first === database ? { ...decides, POSTGRES_DB: 'postgres' } : decides }
}

/** The name of the image of one that is set up, of a database whose own image has this id. */
export function readyImage(setUp: FirstSetUp, imageId: string): string {
  return `${readyRepository}:${hash(['1', imageId, setUp.environment])}`
}

/** The service, begun from that image. */
export function onReadyImage(service: ComposeService, image: string): ComposeService {
  return {
    ...service,
    image,
    environment: { ...service.environment, PGDATA: dataDirectory },
    volumes: (service.volumes ?? []).filter(volume => volume.type !== 'volume'),
  }
}

/** For `docker run`: the values of the environment come with the program's own. */
export function setUpArgv(setUp: FirstSetUp, container: SetUpContainer): string[] {
  const names = [...Object.keys(setUp.environment), 'POSTGRES_PASSWORD', 'PGDATA']
  return [
    ...['run', '--detach', '--name', container.name, '--network', 'none', '--pull', 'never'],
    ...['--cpu-shares', '256', '--memory', '1g', '--log-driver', 'json-file'],
    ...Object.entries(container.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...names.flatMap(name => ['--env', name]),
    ...['--', setUp.image, 'postgres', '-c', 'fsync=off', '-c', 'lc_messages=C'],
  ]
}

/** What the container's labels and environment say of one rehearsal is not said of the image. */
export function commitArgv(container: string, image: string, imageId: string): string[] {
  const changes = [
    'ENV POSTGRES_PASSWORD=',
    'CMD ["postgres"]',
    `LABEL ${readyLabel}=${imageId}`,
    ...[labels.project, labels.release].map(label => `LABEL ${label}=`),
  ]
  return ['commit', ...changes.flatMap(change => ['--change', change]), '--', container, image]
}

export interface SetUpContainer {
  name: string
  labels: Record<string, string>
}

/** No project can have an underscore in its name. */
export const readyRepository = 'slipway/ready_database'
/** Its value: the id of the image that was set up. */
export const readyLabel = 'slipway.ready-database'

/** On no volume of any image, because what is on a volume is in no image. */
export const dataDirectory = '/slipway-database'

/** It is PostgreSQL's own image's program that is run, by whom and where that image says, and nothing is put in its way. */
function isPlain(service: ComposeService): boolean {
  const { command, volumes = [], environment } = service
  if (['entrypoint', 'user', 'read_only', 'volumes_from', 'configs'].some(field => isSet(service[field]))) return false
  if (!Array.isArray(command) || !command.includes('fsync=off') || command.some(word => elsewhere.test(word)))
    return false
  if (JSON.stringify(service).includes('docker-entrypoint-initdb')) return false
  const usual = environment?.['PGDATA'] ?? '/var/lib/postgresql/data'
  const secrets = targetsOf(service['secrets'])
  if (secrets.some(target => target.startsWith('/') && !isWithin(target, '/run/secrets'))) return false
  return volumes.every(({ type, target = '' }) => {
    const isData = isWithin(target, '/var/lib/postgresql') || isWithin(usual, target)
    return type === 'volume' ? isData : !isData && !systemFiles.test(target)
  })
}

function targetsOf(secrets: unknown): string[] {
  if (!Array.isArray(secrets)) return []
  return secrets.flatMap(({ target }: { target?: string }) => target ?? [])
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

const isKnown = /^(POSTGRES_(USER|DB|INITDB_ARGS|HOST_AUTH_METHOD)|LANG|LC_[A-Z]+|TZ)$/
/** The live database's passwords come with its roles; where the files lie is decided here. */
const isBesides = /^(POSTGRES_PASSWORD(_FILE)?|PGDATA)$/
/** Settings that name files and folders, and ways to log in that are not the usual ones. */
const elsewhere = /[-_]file|[-_]director|(^|\s)-[ADX]|auth|waldir|pwfile/
/** What the image brings, and what the first set-up reads of it: samples of settings, its programs, the time zone. */
const systemFiles = /^\/(usr|bin|sbin|lib)\/|^\/etc\/(localtime|timezone|passwd|group)$/
