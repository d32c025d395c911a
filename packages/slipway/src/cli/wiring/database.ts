import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileBackups } from '../../backup/backups.ts'
import { mountsOf } from '../../config/compose-secrets.ts'
import type { ComposeDocument, ComposeService } from '../../config/document.ts'
import { unescaped } from '../../config/dollars.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { stateContainer } from '../../engine/state.ts'
import type { Backups, Database } from '../../release/ports.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { Layout } from '../../store/layout.ts'
import type { OpenDatabases } from './open-databases.ts'

/** The database as the Compose service's own environment describes it. */
export async function openDatabase(
  config: EnvironmentConfig,
  document: ComposeDocument,
  databases: OpenDatabases,
): Promise<Database | undefined> {
  const login = await serverLogin(config, document)
  return login === undefined ? undefined : databases.open(login, databases.container(config))
}

/** The database by the login that the app itself uses, when that is known. */
export function appDatabase(
  config: EnvironmentConfig,
  document: ComposeDocument,
  databases: OpenDatabases,
): Database | undefined {
  const [login] = appLogins(config, document)
  return login === undefined ? undefined : databases.open(login, databases.container(config))
}

/** Of the app's variables and secrets, those that are addresses leading to the database service. */
export function appLogins(config: EnvironmentConfig, document: ComposeDocument): Login[] {
  const service = config.database?.service
  if (service === undefined) return []
  const variables = Object.values(document.services).flatMap(each =>
    Object.values(each.environment ?? {}).map(value => unescaped(value ?? '')),
  )
  const secrets = Object.values(document.secrets ?? {}).flatMap(({ value }) =>
    value === undefined ? [] : [Buffer.from(value).toString().trim()],
  )
  return [...variables, ...secrets].flatMap(text => loginOf(text, service) ?? [])
}

export async function openBackups(
  config: EnvironmentConfig,
  document: ComposeDocument,
  layout: Layout,
  container: ContainerFinder,
): Promise<Backups> {
  const login = await serverLogin(config, document)
  if (login === undefined) return noBackups
  const directory = backupsDirectory(config, layout)
  const backups = { config: { ...config.backups, directory }, owner: config.project }
  return fileBackups({ ...login, container: container.find, ...backups })
}

/** SLIPWAY_BACKUPS wins over slipway.yaml: a server may have its disks elsewhere. */
export function backupsDirectory(config: EnvironmentConfig, layout: Layout): string {
  const wanted = process.env['SLIPWAY_BACKUPS']
  if (wanted !== undefined && wanted !== '') return resolve(wanted)
  return config.backups.directory === '' ? layout.backups : config.backups.directory
}

const noBackups: Backups = {
  create: () => Promise.reject(nothingToBackUp()),
  begin() {
    throw nothingToBackUp()
  },
  list: () => Promise.resolve([]),
  prune: () => Promise.resolve([]),
}

function nothingToBackUp(): SlipwayError {
  return new SlipwayError('BACKUP_FAILED', 'There is no database to back up', {
    next: 'Name it in slipway.yaml: database: db',
  })
}

export async function serverLogin(config: EnvironmentConfig, document: ComposeDocument): Promise<Login | undefined> {
  const { database } = config
  if (database === undefined) return undefined
  const service = document.services[database.service]
  if (service === undefined) return undefined
  const user = database.user ?? variable(service, 'POSTGRES_USER') ?? 'postgres'
  const password = variable(service, 'POSTGRES_PASSWORD') ?? (await passwordFromFile(service, document))
  return {
    user,
    name: database.name ?? variable(service, 'POSTGRES_DB') ?? user,
    ...(password === undefined ? {} : { password }),
  }
}

export interface Login {
  user: string
  name: string
  password?: string
}

export interface ContainerFinder {
  find(): Promise<string | undefined>
  /** To be called when state services may have been made anew. */
  forget(): void
}

/** Finding the container costs two calls of Docker, and a hold asks a dozen times while people wait. */
export function databaseContainer(config: EnvironmentConfig): ContainerFinder {
  const service = config.database?.service
  let known: { id: string; until: number } | undefined
  let looking: Promise<string | undefined> | undefined
  const look = async (name: string): Promise<string | undefined> => {
    const id = await stateContainer(config.project, name)
    known = id === undefined ? undefined : { id, until: performance.now() + rememberedMs }
    return id
  }
  return {
    async find() {
      if (service === undefined) return undefined
      if (known !== undefined && performance.now() < known.until) return known.id
      // Several ask at the same time.
      looking ??= look(service).finally(() => (looking = undefined))
      return looking
    },
    forget() {
      known = undefined
      looking = undefined
    },
  }
}

const rememberedMs = 5000

function variable(service: ComposeService, name: string): string | undefined {
  const value = service.environment?.[name]
  return value === undefined || value === null || value === '' ? undefined : unescaped(value)
}

/** `POSTGRES_PASSWORD_FILE: /run/secrets/<name>` leads to a secret of the document. */
async function passwordFromFile(service: ComposeService, document: ComposeDocument): Promise<string | undefined> {
  const path = variable(service, 'POSTGRES_PASSWORD_FILE')
  const name = path?.startsWith('/run/secrets/') === true ? path.slice('/run/secrets/'.length) : undefined
  // A release's own document mounts it under a key of Slipway's, with the name as its target.
  const mounted = mountsOf(service).find(mount => (mount.target ?? mount.source).split('/').at(-1) === name)
  const { file, value } = document.secrets?.[mounted?.source ?? name ?? ''] ?? {}
  if (value !== undefined) return Buffer.from(value).toString('utf8').trimEnd()
  return file === undefined ? undefined : (await readFile(file, 'utf8').catch(() => undefined))?.trimEnd()
}

export function loginOf(value: string, service: string): Login | undefined {
  if (!/^postgres(ql)?:\/\//.test(value)) return undefined
  try {
    const url = new URL(value)
    if (url.hostname !== service) return undefined
    const user = decodeURIComponent(url.username)
    return {
      user,
      name: decodeURIComponent(url.pathname.slice(1)) || user,
      ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    }
  } catch {
    return undefined
  }
}
