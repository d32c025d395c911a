import { askDocker, imagePath } from '../support/docker-socket.ts'
import { jsonLines, tryDocker } from './docker.ts'
import { wholeReference } from './image-reference.ts'

export interface PresentImage {
  id: string
  /** Whether it brings a HEALTHCHECK of its own. */
  hasHealthcheck: boolean
  /** Under which digests registries know it. */
  digests: string[]
}

/** What is here of these, by reference. */
export async function presentImages(references: readonly string[]): Promise<Map<string, PresentImage>> {
  const [...wanted] = new Set(references)
  const answers = await Promise.all(wanted.map(name => askDocker(imagePath(name))))
  if (!answers.every(answer => answer !== undefined)) return askProgram(wanted)
  return new Map(
    wanted.flatMap((name, index) => {
      const answer = answers[index]
      return answer?.kind === 'found' ? pairOf(name, present(answer.value as InspectedImage)) : []
    }),
  )
}

/** By one call when all of it is here, and else by one for each. */
async function askProgram(wanted: readonly string[]): Promise<Map<string, PresentImage>> {
  const together = await inspectImages(wanted)
  if (together !== undefined) return new Map(wanted.flatMap((name, index) => pairOf(name, together[index])))
  const each = await Promise.all(wanted.map(name => inspectImages([name])))
  return new Map(wanted.flatMap((name, index) => pairOf(name, each[index]?.[0])))
}

/** In the order of the references; undefined: one of them is not here, and it is not told for which the others stand. */
async function inspectImages(references: readonly string[]): Promise<PresentImage[] | undefined> {
  if (references.length === 0) return []
  const result = await tryDocker(['image', 'inspect', '--format', '{{json .}}', '--', ...references])
  if (result.exitCode !== 0) return undefined
  return (jsonLines(result.stdout) as InspectedImage[]).map(present)
}

function present(image: InspectedImage): PresentImage {
  return {
    id: image.Id,
    hasHealthcheck: hasCheck(image.Config?.Healthcheck?.Test),
    digests: (image.RepoDigests ?? []).map(wholeReference),
  }
}

interface InspectedImage {
  Id: string
  RepoDigests?: string[] | null
  Config?: { Healthcheck?: { Test?: string[] } | null } | null
}

function pairOf(name: string, image: PresentImage | undefined): [string, PresentImage][] {
  return image === undefined ? [] : [[name, image]]
}

function hasCheck(test: readonly string[] | undefined): boolean {
  return test !== undefined && test.length > 0 && test[0] !== 'NONE'
}
