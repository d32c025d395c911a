import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAtomically } from '../support/files.ts'
import type { ComposeDocument } from '../config/document.ts'
import type { EnvironmentConfig } from '../config/model.ts'
import type { Commit, PathEnd, Release, ReleaseId, ReleaseService } from '../release/model.ts'
import { copyInto, sourceOf } from '../source/copy.ts'
import { keepValues, visibleVariables } from '../source/environment-values.ts'
import { documentFingerprints } from '../source/documents.ts'
import { fingerprintFiles, fingerprintWithOwner } from '../source/fingerprint.ts'
import { placeFiles } from '../source/place.ts'
import { writeRelease } from '../store/releases.ts'
import { type Seal, writeSeal } from '../store/seal.ts'
import { buildDocument } from './build-document.ts'
import { buildImages, digestsOf, pinImages, untagImages } from './images.ts'
import { files, lastingFolder } from './names.ts'
import type { RegistryLogin } from './registry-login.ts'
import { releaseDocument } from './release-document.ts'
import { deliverSecrets, withBuildSecrets } from './secret-files.ts'
import { hash, stateDocument } from './state-document.ts'

/** What a release is made of, resolved but not built. */
export interface ReleaseSource {
  config: EnvironmentConfig
  document: ComposeDocument
  services: ReleaseService[]
  commit?: Commit
  /** The folder with the code: the project's own, or one written out from Git. */
  directory: string
  /** The folder a person works in. */
  project: string
  /** Of the encrypted file that the document's values came from. */
  seal?: Seal
  /** Its values that can be variables: Compose's configs may take one. */
  variables?: Readonly<Record<string, string>>
  /** For registries that images are pulled from. */
  logins?: readonly RegistryLogin[]
  /** Of several servers: over what all of them must have alike. */
  shared?: string
  /** Of several servers: this one's end of the way to the database. */
  path?: PathEnd
  /** Of the database, those that Slipway makes. */
  databaseLogins?: readonly string[]
}

/** Makes a release: builds or pulls its images, pins them, and writes its folder. Touches nothing that runs. */
export async function fetchRelease(
  source: ReleaseSource,
  id: ReleaseId,
  directory: string,
  note: (text: string) => void,
): Promise<Release> {
  try {
    return await makeRelease(source, id, directory, note)
  } catch (error) {
    // Half a release holds secrets, and nobody would ever remove it.
    await untagImages(
      source.config.project,
      source.services.map(service => service.name),
      id,
    ).catch(() => undefined)
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function makeRelease(
  source: ReleaseSource,
  id: ReleaseId,
  directory: string,
  note: (text: string) => void,
): Promise<Release> {
  const { config, services, databaseLogins = [] } = source
  const { project } = config
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const placed = await placeAndCopy(source, directory)
  const logins = source.logins ?? []
  await withBuildSecrets(placed.document, directory, held => build(held, project, id, services, directory, logins))
  const pinned = await pinImages(source.document, services, project, id, logins, note)
  const images = Object.fromEntries([...pinned].map(([name, image]) => [name, image.id]))
  const digests = digestsOf(source.document, services, pinned)
  const known = services.map(service => ({
    ...service,
    dockerHealth: service.dockerHealth || pinned.get(service.name)?.hasHealthcheck === true,
  }))
  const migrate = config.migrate === undefined ? {} : { migrate: config.migrate }
  const delivered = await deliverSecrets({ document: placed.document, services: known, images, directory, note })
  const input = { document: delivered.document, project, services: known, images, ...migrate }
  const document = releaseDocument({ ...input, release: id })
  const state = stateDocument(delivered.document, project, known, images)
  const migrationFingerprint = await migrationFingerprintOf(config)
  // Neither the release's folder nor its number makes a difference.
  const timeless = (value: ComposeDocument) => JSON.stringify(value).replaceAll(`${directory}/`, '')
  const anyRelease = timeless(releaseDocument({ ...input, release: 'r0' }))
  const copied = await fingerprintFiles(
    directory,
    placed.copies.map(copy => copy.to),
  )
  const secrets = delivered.fingerprint === undefined ? [] : [delivered.fingerprint]
  const fingerprint = hash(
    [anyRelease, images, timeless(state), known, config.migrate, migrationFingerprint, copied, ...secrets].map(
      each => each ?? null,
    ),
  )
  await writeAtomically(join(directory, files.document), JSON.stringify(delivered.document))
  await writeAtomically(join(directory, files.release), JSON.stringify(document))
  await writeAtomically(join(directory, files.state), JSON.stringify(state))
  const release: Release = {
    id,
    app: config.app,
    environment: config.environment,
    project,
    createdAt: new Date().toISOString(),
    version: source.commit?.sha.slice(0, 7) ?? fingerprint.slice(0, 7),
    services: known,
    images,
    fingerprint,
    digests,
    documents: await documentFingerprints(config.composeFiles, config.directory),
    stateFingerprint: hash(timeless(state)),
    directory,
    ...(source.commit === undefined ? {} : { commit: source.commit }),
    ...(source.shared === undefined ? {} : { shared: source.shared }),
    ...(source.path === undefined ? {} : { path: source.path }),
    ...(delivered.fingerprint === undefined ? {} : { secretsFingerprint: delivered.fingerprint }),
    ...(config.database === undefined ? {} : { database: config.database.service }),
    ...(migrationFingerprint === undefined ? {} : { migrationFingerprint }),
    ...(databaseLogins.length === 0 ? {} : { logins: [...databaseLogins] }),
  }
  if (source.seal !== undefined) await writeSeal(directory, source.seal)
  await writeRelease(release)
  return release
}

async function placeAndCopy(source: ReleaseSource, directory: string): Promise<ReturnType<typeof placeFiles>> {
  const envFile = source.config.envFile ?? join(source.directory, '.env')
  const { document, folder } = await keepValues(
    source.document,
    { ...(await visibleVariables(envFile)), ...source.variables },
    directory,
  )
  const placed = await place({ ...source, document }, directory)
  await copyInto(placed.copies)
  if (folder !== undefined) await rm(folder, { recursive: true })
  return placed
}

/** First it shows which files state services mount; their contents then say where those lie. */
async function place({ document, directory: source, project, services }: ReleaseSource, directory: string) {
  const stateNames = services.filter(service => service.role === 'state').map(service => service.name)
  const contents = new Map<string, string>()
  const lasting = { services: new Set(stateNames), folder: lastingFolder(directory), contents }
  const places = { source, project, release: directory, lasting }
  for (const copy of placeFiles(document, places).copies) {
    const content = copy.lasting === true ? await fingerprintWithOwner(await sourceOf(copy)) : undefined
    if (content !== undefined) contents.set(copy.from, content)
  }
  return placeFiles(document, places)
}

export function migrationFingerprintOf(config: EnvironmentConfig): Promise<string | undefined> {
  return fingerprintFiles(config.directory, config.migrate?.files ?? [])
}

/** Forgets a release that never ran. */
export async function discardRelease(release: Release | undefined, directory: string): Promise<void> {
  if (release !== undefined) await untagImages(release.project, Object.keys(release.images), release.id)
  await rm(directory, { recursive: true, force: true })
}

/** Moves sources written out from Git into the release that they became. */
export async function adoptSources(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await rename(from, to)
}

async function build(
  document: ComposeDocument,
  project: string,
  id: ReleaseId,
  services: readonly ReleaseService[],
  directory: string,
  logins: readonly RegistryLogin[],
): Promise<void> {
  const links = { folder: directory, unique: randomUUID() }
  const wanted = buildDocument(document, { project, id, services }, links)
  if (wanted === undefined) return
  const file = join(directory, files.build)
  await writeAtomically(file, JSON.stringify(wanted.document))
  try {
    for (const [folder, link] of wanted.contexts) await symlink(folder, link)
    await buildImages(file, directory, `${project}-build`, logins)
  } finally {
    for (const link of wanted.contexts.values()) await rm(link, { force: true })
  }
}
