import { lastLines } from '../support/run.ts'
import { SlipwayError } from '../support/errors.ts'
import type { ComposeDocument } from '../config/document.ts'
import type { Release, ReleaseId, ReleaseService } from '../release/model.ts'
import { referencedImages } from './build-document.ts'
import { build, composeArgv } from './compose-argv.ts'
import { docker, dockerError, tryDocker } from './docker.ts'
import { removeTags } from './image-removal.ts'
import { imageRepository, imageTag } from './names.ts'
import { presentImages, type PresentImage } from './present-images.ts'
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

/** Pins every service to its image by id, pulling what is not here, and tags it so that it stays. By service. */
export async function pinImages(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  project: string,
  release: ReleaseId,
  logins: readonly RegistryLogin[],
  note: (text: string) => void,
): Promise<Map<string, PresentImage>> {
  const referenced = new Map(referencedImages(document, services).map(each => [each.service, each.reference]))
  const tagOf = (name: string): string => imageTag(project, name, release)
  const wanted = services.map(({ name }) => referenced.get(name) ?? tagOf(name))
  let found = await presentImages(wanted)
  const absent = [...new Set(referenced.values())].filter(reference => !found.has(reference))
  if (absent.length > 0) {
    await pullAll(absent, logins, note)
    found = await presentImages(wanted)
  }
  const pinned = services.map(({ name }) => {
    const reference = referenced.get(name) ?? tagOf(name)
    const image = found.get(reference)
    if (image !== undefined) return [name, image] as const
    const why = `${reference} was not found after the build`
    throw new SlipwayError('BUILD_FAILED', `The image of ${name} is not there`, { why })
  })
  const untagged = pinned.filter(([name]) => referenced.has(name))
  await Promise.all(untagged.map(([name, { id }]) => docker(['image', 'tag', id, tagOf(name)])))
  return new Map(pinned)
}

/** Of a release to go back to, somebody may have removed images since: a registry still has those it knows by digest. */
export async function bringBackImages(
  release: Release,
  logins: () => Promise<readonly RegistryLogin[]>,
  note: (text: string) => void,
): Promise<void> {
  const present = await presentImages(Object.values(release.images))
  const absent = Object.entries(release.images).filter(([, id]) => !present.has(id))
  for (const [service, id] of absent) {
    const digest = release.digests?.[service]
    if (digest === undefined) throw goneImage(release, service, 'it was built or loaded there, and removed since')
    if (!(await presentImages([digest])).has(digest)) await pullAll([digest], await logins(), note)
    const [found] = (await presentImages([digest])).values()
    if (found?.id !== id) throw goneImage(release, service, `${digest} is another image now`)
    await docker(['image', 'tag', id, imageTag(release.project, service, release.id)])
  }
}

function goneImage({ id }: Release, service: string, why: string): SlipwayError {
  return new SlipwayError('NO_RELEASE', `${id} can not come back: the image of ${service} is gone`, {
    why,
    state: 'nothing was changed',
    next: 'Choose another release (slipway history), or deploy its commit again.',
  })
}

export async function untagImages(project: string, services: readonly string[], release: ReleaseId): Promise<void> {
  await removeTags(
    services.map(service => imageTag(project, service, release)),
    'keep parents',
  )
}

/** Takes back every tag of a release of which nothing else is known. */
export async function untagUnknown(project: string, release: ReleaseId): Promise<void> {
  const reference = `reference=${imageRepository(project)}/*:${release}`
  const text = await docker(['image', 'ls', '--filter', reference, '--format', '{{.Repository}}:{{.Tag}}'])
  const tags = text.split('\n').filter(tag => tag.endsWith(`:${release}`))
  await removeTags(tags, 'keep parents')
}

/** The image of each service as a registry knows it; one that was built or loaded here has no such name. */
export function digestsOf(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  images: ReadonlyMap<string, PresentImage>,
): Record<string, string> {
  const found = referencedImages(document, services).flatMap(({ service, reference }) => {
    const digest = digestIn(reference, images.get(service)?.digests ?? [])
    return digest === undefined ? [] : [[service, digest] as const]
  })
  return Object.fromEntries(found)
}

async function pullAll(
  references: readonly string[],
  logins: readonly RegistryLogin[],
  note: (text: string) => void,
): Promise<void> {
  await withLogins(loginsFor(references, logins), async environment => {
    for (const reference of references) {
      note(`pulling ${reference}`)
      await pull(reference, environment)
    }
  })
}

function buildCause(output: string): string {
  const line = output.split('\n').findLast(each => /error|failed/i.test(each) && !/^#\d+ \d/.test(each))
  return line?.replace(/^#\d+\s*/, '').trim() ?? 'the build failed'
}
