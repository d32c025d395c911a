import { lastLines } from '../support/run.ts'
import { SlipwayError } from '../support/errors.ts'
import type { ComposeDocument } from '../config/document.ts'
import type { ReleaseId, ReleaseService } from '../release/model.ts'
import { referencedImages } from './build-document.ts'
import { build, composeArgv } from './compose-argv.ts'
import { docker, dockerError, jsonLines, tryDocker } from './docker.ts'
import { imageRepository, imageTag } from './names.ts'

/** Builds a release's images; the cause of a failure is in the error's output. */
export async function buildImages(file: string, directory: string, project: string): Promise<void> {
  const result = await tryDocker(composeArgv(project, file, directory, build()), {
    directory,
    environment: { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' },
  })
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

/** Every service's image by id, and which of those ids bring a HEALTHCHECK of their own. */
export interface PinnedImages {
  images: Record<string, string>
  withHealthcheck: ReadonlySet<string>
}

/** Pins every service to the id of its image, pulling what is not here, and tags it so that it stays. */
export async function pinImages(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  project: string,
  release: ReleaseId,
  note: (text: string) => void,
): Promise<PinnedImages> {
  const referenced = new Map(referencedImages(document, services).map(each => [each.service, each.reference]))
  const tagOf = (name: string): string => imageTag(project, name, release)
  const wanted = services.map(({ name }) => referenced.get(name) ?? tagOf(name))
  let found = await lookAtImages(wanted)
  const missing = new Set([...referenced.values()].filter(reference => !found.has(reference)))
  for (const reference of missing) await pull(reference, note)
  if (missing.size > 0) found = await lookAtImages(wanted)
  const pinned = services.map(({ name }) => {
    const reference = referenced.get(name) ?? tagOf(name)
    const image = found.get(reference)
    if (image !== undefined) return { name, image }
    const why = `${reference} was not found after the build`
    throw new SlipwayError('BUILD_FAILED', `The image of ${name} is not there`, { why })
  })
  const untagged = pinned.filter(({ name }) => referenced.has(name))
  await Promise.all(untagged.map(({ name, image }) => docker(['image', 'tag', image.id, tagOf(name)])))
  return {
    images: Object.fromEntries(pinned.map(({ name, image }) => [name, image.id])),
    withHealthcheck: new Set(pinned.filter(({ image }) => image.hasHealthcheck).map(({ image }) => image.id)),
  }
}

export async function untagImages(project: string, services: readonly string[], release: ReleaseId): Promise<void> {
  const tags = services.map(service => imageTag(project, service, release))
  if (tags.length > 0) await tryDocker(['image', 'rm', '--no-prune', '--', ...tags])
}

/** Takes back every tag of a release of which nothing else is known. */
export async function untagUnknown(project: string, release: ReleaseId): Promise<void> {
  const reference = `reference=${imageRepository(project)}/*:${release}`
  const text = await docker(['image', 'ls', '--filter', reference, '--format', '{{.Repository}}:{{.Tag}}'])
  const tags = text.split('\n').filter(tag => tag.endsWith(`:${release}`))
  if (tags.length > 0) await tryDocker(['image', 'rm', '--no-prune', '--', ...tags])
}

/** What is here of these, by reference: by one call when all of it is, and else by one for each. */
async function lookAtImages(references: readonly string[]): Promise<Map<string, FoundImage>> {
  const [...wanted] = new Set(references)
  const together = await inspectImages(wanted)
  if (together !== undefined) return new Map(wanted.flatMap((name, index) => pairOf(name, together[index])))
  const each = await Promise.all(wanted.map(name => inspectImages([name])))
  return new Map(wanted.flatMap((name, index) => pairOf(name, each[index]?.[0])))
}

interface FoundImage {
  id: string
  hasHealthcheck: boolean
}

/** In the order of the references; undefined: one of them is not here, and it is not told for which the others stand. */
async function inspectImages(references: readonly string[]): Promise<FoundImage[] | undefined> {
  if (references.length === 0) return []
  const result = await tryDocker(['image', 'inspect', '--format', '{{json .}}', '--', ...references])
  if (result.exitCode !== 0) return undefined
  const images = jsonLines(result.stdout) as InspectedImage[]
  return images.map(image => ({ id: image.Id, hasHealthcheck: hasCheck(image.Config?.Healthcheck?.Test) }))
}

interface InspectedImage {
  Id: string
  Config?: { Healthcheck?: { Test?: string[] } | null } | null
}

function pairOf(name: string, image: FoundImage | undefined): [string, FoundImage][] {
  return image === undefined ? [] : [[name, image]]
}

function hasCheck(test: readonly string[] | undefined): boolean {
  return test !== undefined && test.length > 0 && test[0] !== 'NONE'
}

async function pull(reference: string, note: (text: string) => void): Promise<void> {
  note(`pulling ${reference}`)
  await docker(['image', 'pull', '--quiet', '--', reference], {
    code: 'BUILD_FAILED',
    attempted: `The image ${reference} can not be pulled`,
    state: 'nothing that runs was touched',
    next: 'Check the name, the registry and the login (docker login).',
  })
}

function buildCause(output: string): string {
  const line = output.split('\n').findLast(each => /error|failed/i.test(each) && !/^#\d+ \d/.test(each))
  return line?.replace(/^#\d+\s*/, '').trim() ?? 'the build failed'
}
