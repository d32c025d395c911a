import { tryDocker } from './docker.ts'

/**
 * Takes names of images away, and with the last name the image. Of one that was pulled by its digest, that digest is a
 * name too, which nobody would ever take away: where it alone is left, it goes as well. Docker keeps what a container
 * uses. Returns what Docker said.
 */
export async function removeTags(tags: readonly string[], parents: 'keep parents' | 'with parents'): Promise<string> {
  if (tags.length === 0) return ''
  const held = (await namesOf(tags)).filter(image => image.digests.length > 0).map(image => image.id)
  const flags = parents === 'keep parents' ? ['--no-prune'] : []
  const { stdout } = await tryDocker(['image', 'rm', ...flags, '--', ...tags])
  for (const { tags: left, digests } of held.length === 0 ? [] : await namesOf(held)) {
    if (left.length === 0 && digests.length > 0) await tryDocker(['image', 'rm', ...flags, '--', ...digests])
  }
  return stdout
}

interface Names {
  id: string
  tags: string[]
  digests: string[]
}

/** Of those that are there. */
async function namesOf(references: readonly string[]): Promise<Names[]> {
  const format = '[{{json .Id}},{{json .RepoTags}},{{json .RepoDigests}}]'
  const { stdout } = await tryDocker(['image', 'inspect', '--format', format, '--', ...references])
  const images = stdout
    .split('\n')
    .filter(line => line.startsWith('['))
    .map((line): Names => {
      const [id, tags, digests] = JSON.parse(line) as [string, string[] | null, string[] | null]
      return { id, tags: tags ?? [], digests: digests ?? [] }
    })
  return [...new Map(images.map(image => [image.id, image])).values()]
}
