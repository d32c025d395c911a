import { lastLines } from '../support/run.ts'
import { SlipwayError } from '../support/errors.ts'
import type { ComposeDocument } from '../config/document.ts'
import type { Release, ReleaseId, ReleaseService } from '../release/model.ts'
import { referencedImages } from './build-document.ts'
import { build, composeArgv } from './compose-argv.ts'
import { docker, dockerError, jsonLines, tryDocker } from './docker.ts'
import { wholeReference } from './image-reference.ts'
import { removeTags } from './image-removal.ts'
import { imageRepository, imageTag } from './names.ts'
import { digestIn, loginsFor, pull } from './registry.ts'
import { withLogins, type RegistryLogin } from './registry-login.ts'

/** Builds a release's images; the cause of a failure is in the error's output. */
export async function buildImages(
  file: string,
  directory: string,
  project: string,
  logins: readonly RegistryLogin[],
): Promise<void> {
  const result = await withLogins(logins, environment =>
    tryDocker(composeArgv(project, file, directory, build()), {
      directory,
      environment: { ...environment, BUILDX_NO_DEFAULT_ATTESTATIONS: '1' },
    }),
  )
  if (result.exitCode === 0) return
  throw dockerError(['compose'], result, {
    code: 'BUILD_FAILED',
    attempted: 'An image does not build',
    why: buildCause(`${result.stdout}\n${result.stderr}`),
    output: lastLines(`${result.stdout}\n${result.stderr}`, 20),
    state: 'nothing that runs was touched',
    next: 'Mend the build and deploy again.',
  })
}

/** Pins every service to the id of its image, pulling what is not here, and tags it so that it stays. */
export async function pinImages(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  project: string,
  release: ReleaseId,
  logins: readonly RegistryLogin[],
  note: (text: string) => void,
): Promise<Record<string, string>> {
  const referenced = referencedImages(document, services)
  await makePresent(
    referenced.map(each => each.reference),
    logins,
    note,
  )
  const pinned = services.map(async ({ name }) => {
    const tag = imageTag(project, name, release)
    const reference = referenced.find(each => each.service === name)?.reference
    const id = await imageId(reference ?? tag)
    if (id === undefined) {
      const why = `${reference ?? tag} was not found after the build`
      throw new SlipwayError('BUILD_FAILED', `The image of ${name} is not there`, { why })
    }
    if (reference !== undefined) await docker(['image', 'tag', id, tag])
    return [name, id] as const
  })
  return Object.fromEntries(await Promise.all(pinned))
}

/** Of a release to go back to, somebody may have removed images since: a registry still has those it knows by digest. */
export async function bringBackImages(
  release: Release,
  logins: () => Promise<readonly RegistryLogin[]>,
  note: (text: string) => void,
): Promise<void> {
  const present = await inspectPresent(Object.values(release.images))
  const absent = Object.entries(release.images).filter(([, id]) => !present.has(id))
  if (absent.length === 0) return
  for (const [service, id] of absent) {
    const digest = release.digests?.[service]
    if (digest === undefined) throw goneImage(release, service, 'it was built or loaded there, and removed since')
    await makePresent([digest], await logins(), note)
    if ((await imageId(digest)) !== id) throw goneImage(release, service, `${digest} is another image now`)
    await docker(['image', 'tag', id, imageTag(release.project, service, release.id)])
  }
}

async function inspectPresent(ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const argv = ['image', 'inspect', '--format', '{{.Id}}', '--', ...new Set(ids)]
  const result = await tryDocker(argv)
  if (result.exitCode !== 0 && !/no such (object|image)/i.test(result.stderr)) throw dockerError(argv, result)
  return new Set(result.stdout.split('\n'))
}

function goneImage({ id }: Release, service: string, why: string): SlipwayError {
  return new SlipwayError('NO_RELEASE', `${id} can not come back: the image of ${service} is gone`, {
    why,
    state: 'nothing was changed',
    next: 'Choose another release (slipway history), or deploy its commit again.',
  })
}

export async function untagImages(project: string, services: readonly string[], release: ReleaseId): Promise<void> {
  const tags = services.map(service => imageTag(project, service, release))
  await removeTags(tags, 'keep parents')
}

/** Takes back every tag of a release of which nothing else is known. */
export async function untagUnknown(project: string, release: ReleaseId): Promise<void> {
  const reference = `reference=${imageRepository(project)}/*:${release}`
  const text = await docker(['image', 'ls', '--filter', reference, '--format', '{{.Repository}}:{{.Tag}}'])
  const tags = text.split('\n').filter(tag => tag.endsWith(`:${release}`))
  await removeTags(tags, 'keep parents')
}

export async function imageId(reference: string): Promise<string | undefined> {
  const result = await tryDocker(['image', 'inspect', '--format', '{{.Id}}', '--', reference])
  return result.exitCode === 0 ? result.stdout.trim() : undefined
}

/** What images themselves say, by their ids. */
export async function inspectImages(ids: readonly string[]): Promise<Map<string, ImageFacts>> {
  if (ids.length === 0) return new Map()
  const text = await docker(['image', 'inspect', '--format', '{{json .}}', '--', ...new Set(ids)])
  return new Map(
    (jsonLines(text) as InspectedImage[]).map(image => [
      image.Id,
      {
        hasHealthcheck: hasCheck(image.Config?.Healthcheck?.Test),
        digests: (image.RepoDigests ?? []).map(wholeReference),
      },
    ]),
  )
}

export interface ImageFacts {
  /** Whether it brings a HEALTHCHECK of its own. */
  hasHealthcheck: boolean
  /** Under which digests registries know it. */
  digests: string[]
}

interface InspectedImage {
  Id: string
  RepoDigests?: string[] | null
  Config?: { Healthcheck?: { Test?: string[] } | null } | null
}

/** The image of each service as a registry knows it; one that was built or loaded here has no such name. */
export function digestsOf(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  images: Readonly<Record<string, string>>,
  facts: ReadonlyMap<string, ImageFacts>,
): Record<string, string> {
  const found = referencedImages(document, services).flatMap(({ service, reference }) => {
    const digest = digestIn(reference, facts.get(images[service] ?? '')?.digests ?? [])
    return digest === undefined ? [] : [[service, digest] as const]
  })
  return Object.fromEntries(found)
}

function hasCheck(test: readonly string[] | undefined): boolean {
  return test !== undefined && test.length > 0 && test[0] !== 'NONE'
}

/** Of what is here nobody is asked. */
async function makePresent(
  references: readonly string[],
  logins: readonly RegistryLogin[],
  note: (text: string) => void,
): Promise<void> {
  const absent: string[] = []
  for (const reference of new Set(references)) if ((await imageId(reference)) === undefined) absent.push(reference)
  if (absent.length === 0) return
  await withLogins(loginsFor(absent, logins), async environment => {
    for (const reference of absent) {
      note(`pulling ${reference}`)
      await pull(reference, environment)
    }
  })
}

function buildCause(output: string): string {
  const line = output.split('\n').findLast(each => /error|failed/i.test(each) && !/^#\d+ \d/.test(each))
  return line?.replace(/^#\d+\s*/, '').trim() ?? 'the build failed'
}
