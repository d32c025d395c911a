import { docker, registryOf } from '../config/image-registry.ts'

export { docker }

/** An image as a Compose file names it, taken apart as Docker does. Pure. */
export interface ImageReference {
  /** `docker.io` when no other is named. */
  registry: string
  /** With its registry, in the one form that equal ones have. */
  repository: string
  tag?: string
  digest?: string
}

export function imageReference(written: string): ImageReference {
  const [named = '', digest] = written.split('@', 2)
  const colon = named.lastIndexOf(':')
  const isTagged = colon > named.lastIndexOf('/')
  const path = isTagged ? named.slice(0, colon) : named
  const registry = registryOf(path)
  const [first = ''] = path.split('/', 1)
  const isNamed = path.includes('/') && (registry !== docker || first.endsWith(docker))
  const inside = isNamed ? path.slice(first.length + 1) : path
  const repository = registry === docker && !inside.includes('/') ? `library/${inside}` : inside
  return {
    registry,
    repository: `${registry}/${repository}`,
    ...(isTagged ? { tag: named.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** The very image, wherever its tags may have gone. */
export function byDigest(reference: Pick<ImageReference, 'repository'>, digest: string): string {
  return `${reference.repository}@${digest}`
}

/** One that names a digest, in the one form that equal ones have. */
export function wholeReference(written: string): string {
  const { repository, digest = '' } = imageReference(written)
  return byDigest({ repository }, digest)
}

export function isByDigest(written: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(written)
}
