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

/** Pins every service to the id of its image, pulling what is not here, and tags it so that it stays. */
export async function pinImages(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  project: string,
  release: ReleaseId,
  note: (text: string) => void,
): Promise<Record<string, string>> {
  const referenced = referencedImages(document, services)
  for (const { reference } of referenced) await makePresent(reference, note)
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

export async function imageId(reference: string): Promise<string | undefined> {
  const result = await tryDocker(['image', 'inspect', '--format', '{{.Id}}', '--', reference])
  return result.exitCode === 0 ? result.stdout.trim() : undefined
}

/** Whether each image brings a HEALTHCHECK of its own. */
export async function imagesWithHealthcheck(ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const text = await docker(['image', 'inspect', '--format', '{{json .}}', '--', ...new Set(ids)])
  const images = jsonLines(text) as { Id: string; Config?: { Healthcheck?: { Test?: string[] } | null } | null }[]
  return new Set(images.filter(image => hasCheck(image.Config?.Healthcheck?.Test)).map(image => image.Id))
}

function hasCheck(test: readonly string[] | undefined): boolean {
  return test !== undefined && test.length > 0 && test[0] !== 'NONE'
}

async function makePresent(reference: string, note: (text: string) => void): Promise<void> {
  if ((await imageId(reference)) !== undefined) return
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
