import { cp, mkdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { readCompose } from '../../config/compose.ts'
import { variablesOf, withSecrets } from '../../config/compose-secrets.ts'
import { loadConfig } from '../../config/load.ts'
import { withOwnNetworks } from '../../config/own-networks.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { partOf, serverHere, servicesHere } from '../../config/part.ts'
import { detectServices } from '../../config/roles.ts'
import type { ReleaseSource } from '../../engine/fetch.ts'
import { tagsToResolve, withResolvedTags } from '../../engine/pinned-document.ts'
import { pathEnd } from '../../engine/path-end.ts'
import { proveSameImages } from '../../engine/same-images.ts'
import { sharedFingerprint } from '../../engine/shared-fingerprint.ts'
import { resolveDigests } from '../../engine/registry.ts'
import type { RegistryLogin } from '../../engine/registry-login.ts'
import type { Commit } from '../../release/model.ts'
import type { Promotion } from '../../release/promotion.ts'
import { uploadNote } from '../../runner/uploads.ts'
import type { OpenSecrets } from '../../secrets/open.ts'
import { exportCommit, proveWhole } from '../../source/export.ts'
import { commitOf } from '../../source/git.ts'
import { fetchCommit } from '../../source/repository.ts'
import type { Layout } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import { forgetCheckout, newCheckout } from './checkouts.ts'
import { openEnvironmentSecrets, sealOf } from './environment-secrets.ts'
import { folderOf, originHere, refuseCommit } from './git-source.ts'
import { provePlacement } from './placement.ts'
import { promotedVariables, withPromotion } from './promotion.ts'
import { registryLogins } from './registries.ts'

/**
 * The code and configuration that a deployment would take now, with the digests that its images have now. From Git, they
 * are written out to a folder of their own.
 */
export async function resolveSource(
  base: EnvironmentConfig,
  layout: Layout,
  wanted: WantedSource = {},
): Promise<ResolvedSource> {
  refuseCommit(base, wanted.commit)
  const source = await readNow(base, layout, wanted)
  try {
    return await whole(source)
  } catch (error) {
    if (source.checkout !== undefined) await forgetCheckout(source.checkout)
    throw error
  }
}

async function whole(source: ResolvedSource): Promise<ResolvedSource> {
  const { config, document, services, logins } = source
  const tags = tagsToResolve(document, services, Object.keys(config.registries ?? {}))
  const resolved = withDigests(source, await resolveDigests(tags, logins))
  if (serverHere(config.placement) === undefined) return resolved
  await provePlacement(resolved)
  return partHere(resolved)
}

/** Of several servers, what this one runs; what all of them must have alike is known by a hash over all of it. */
function partHere(source: ResolvedSource): ResolvedSource {
  const { config, document, directory } = source
  proveSameImages(document, source.services, config.migrate)
  const services = servicesHere(source.services, config)
  const hasWeb = services.some(service => service.role === 'web')
  return {
    ...source,
    services,
    document: partOf(document, new Set(services.map(({ name }) => name))),
    config: hasWeb ? config : { ...config, edge: { mode: 'none', domains: [], trustedProxies: [] } },
    shared: sharedFingerprint(document, directory),
    ...pathEnd(document, source.services, config.placement),
  }
}

/** The same code read again has the digests of before: a tag may have moved meanwhile. */
export function withDigests(source: ResolvedSource, digests: Readonly<Record<string, string>>): ResolvedSource {
  return { ...source, digests, document: withResolvedTags(source.document, source.services, digests) }
}

async function readNow(base: EnvironmentConfig, layout: Layout, wanted: WantedSource): Promise<ResolvedSource> {
  const { promotion } = wanted
  const promoting = promotion === undefined ? {} : { promotion }
  if (base.source.kind === 'upload') {
    const commit = (await uploadNote(base.directory))?.commit
    return readSource(base, {
      base,
      project: base.source.lasting,
      directory: base.directory,
      ...promoting,
      ...(commit === undefined ? {} : { commit }),
    })
  }
  if (base.source.kind === 'directory') {
    const commit = await commitOf(base.directory)
    return readSource(base, {
      base,
      project: base.directory,
      directory: base.directory,
      ...promoting,
      ...(commit === undefined ? {} : { commit }),
    })
  }
  const { branch } = base.source
  const from = { branch, ...(wanted.commit === undefined ? {} : { commit: wanted.commit }) }
  const commit = await fetchCommit(layout.repository, await originHere(base, base.source), from, wanted.signal)
  await proveWhole(layout.repository, commit.sha, await folderOf(base))
  const written = await newCheckout(layout, commit.sha)
  try {
    await exportCommit(layout.repository, commit.sha, written)
    return await readCheckout(base, written, commit, promotion)
  } catch (error) {
    await forgetCheckout(written)
    throw error
  }
}

export interface WantedSource {
  commit?: string
  promotion?: Promotion
  signal?: AbortSignal
}

/** Reads a commit that was written out to `written`: its own slipway.yaml counts, the secrets come from the project's folder. */
export async function readCheckout(
  base: EnvironmentConfig,
  written: string,
  commit: Commit,
  promotion?: Promotion,
): Promise<ResolvedSource> {
  const directory = join(written, await folderOf(base))
  await copyEnvFile(base, directory)
  // What a checkout holds goes with its release.
  const file = join(directory, relative(base.directory, base.file))
  const { config } = await loadConfig(file, base.environment, base.directory)
  if (config.project !== base.project) {
    throw new SlipwayError('CONFIG_INVALID', `The commit ${commit.sha.slice(0, 12)} holds another app: ${config.app}`, {
      why: `${base.file} says app: ${base.app}`,
      state: 'nothing was changed',
      next: 'Check out the right branch, or correct the name.',
    })
  }
  const promoting = promotion === undefined ? {} : { promotion }
  return readSource(config, { base, project: base.directory, directory, commit, checkout: written, ...promoting })
}

export interface ResolvedSource extends ReleaseSource {
  /** The configuration in the folder a person works in, by which the commit was found. */
  base: EnvironmentConfig
  missingVariables: string[]
  secrets?: OpenSecrets
  logins: readonly RegistryLogin[]
  /** What tags were found to stand for. */
  digests: Readonly<Record<string, string>>
  promotion?: Promotion
  /** The whole commit, written out; the project may be a folder in it. */
  checkout?: string
}

async function readSource(config: EnvironmentConfig, place: SourcePlace): Promise<ResolvedSource> {
  const { promotion } = place
  const secrets = await openEnvironmentSecrets(config)
  const values = secrets?.values ?? new Map<string, Uint8Array>()
  const given = promotion === undefined ? {} : await promotedVariables(config, promotion)
  const variables = { ...variablesOf(values), ...given }
  const document = await readCompose(config, { variables })
  const { services, problems } = detectServices(document, config)
  const errors = problems.filter(problem => problem.severity === 'error')
  if (errors.length > 0)
    throw new SlipwayError('CONFIG_INVALID', 'The Compose files have mistakes', {
      problems: errors,
      state: 'nothing was changed',
      next: 'Mend what is listed and run: slipway check',
    })
  const source: ResolvedSource = {
    config,
    document: withOwnNetworks(withSecrets(document, values, config.secrets.rules), services),
    services,
    missingVariables: document.missingVariables,
    logins: await registryLogins(config, values),
    digests: {},
    ...(secrets === undefined ? {} : { secrets, variables, seal: sealOf(secrets) }),
    ...place,
  }
  return promotion === undefined ? source : withPromotion(source, promotion)
}

interface SourcePlace {
  base: EnvironmentConfig
  project: string
  directory: string
  commit?: Commit
  checkout?: string
  promotion?: Promotion
}

/** Secrets are not in Git: the env file of the project's folder goes along. */
async function copyEnvFile(base: EnvironmentConfig, directory: string): Promise<void> {
  if (base.envFile === undefined) return
  const target = join(directory, relative(base.directory, base.envFile))
  await mkdir(dirname(target), { recursive: true })
  await cp(base.envFile, target, { force: true }).catch((error: unknown) => {
    throw new SlipwayError('SECRET_MISSING', `The env file ${base.envFile} can not be read`, {
      why: error instanceof Error ? error.message : String(error),
      state: 'nothing was changed',
      next: 'Create it with the variables that the app needs.',
    })
  })
}
