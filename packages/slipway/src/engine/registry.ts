import { createHash } from 'node:crypto'
import { lastLines } from '../support/run.ts'
import { SlipwayError } from '../support/errors.ts'
import { tryDocker } from './docker.ts'
import { byDigest, imageReference, isByDigest } from './image-reference.ts'
import { registryFailure } from './registry-failure.ts'
import { withLogins, type RegistryLogin } from './registry-login.ts'

/** The digests that tags have now, as whole references, by what is written. Nothing is downloaded. */
export async function resolveDigests(
  references: readonly string[],
  logins: readonly RegistryLogin[],
): Promise<Record<string, string>> {
  const asked = [...new Set(references)].filter(reference => !isByDigest(reference))
  if (asked.length === 0) return {}
  return withLogins(loginsFor(asked, logins), async environment => {
    const resolved = asked.map(async written => [written, await digestOf(written, environment)] as const)
    return Object.fromEntries(await Promise.all(resolved))
  })
}

/** Of all that one may log in to, where these images are. */
export function loginsFor(references: readonly string[], logins: readonly RegistryLogin[]): RegistryLogin[] {
  const wanted = new Set(references.map(reference => imageReference(reference).registry))
  return logins.filter(each => wanted.has(each.registry))
}

export async function pull(reference: string, environment: Record<string, string>): Promise<void> {
  const result = await tryDocker(['image', 'pull', '--quiet', '--', reference], { environment })
  if (result.exitCode === 0) return
  throw registryFailure(`The image ${reference} can not be pulled`, imageReference(reference).registry, result)
}

/** The one of them in the repository that the Compose file names; undefined: the image was built or loaded here. */
export function digestIn(written: string, known: readonly string[]): string | undefined {
  const { repository, digest } = imageReference(written)
  if (digest !== undefined) return byDigest({ repository }, digest)
  return known.find(each => each.startsWith(`${repository}@`))
}

/** Over the manifest itself: what a registry says of it is not taken on trust. */
async function digestOf(written: string, environment: Record<string, string>): Promise<string> {
  const reference = imageReference(written)
  const argv = ['buildx', 'imagetools', 'inspect', '--raw', '--', written]
  const result = await tryDocker(argv, { environment, timeoutMs: lookWithinMs })
  const attempted = `The image ${written} could not be looked up`
  if (result.exitCode !== 0) throw registryFailure(attempted, reference.registry, result)
  if (!/"schemaVersion"\s*:\s*2/.test(result.stdout)) {
    throw new SlipwayError('REGISTRY_FAILED', attempted, {
      why: `what ${reference.registry} sent is no description of an image`,
      output: lastLines(result.stdout, 3),
      state: 'nothing that runs was touched',
      next: 'See whether this is a registry, and not a page of a proxy in front of it.',
    })
  }
  return byDigest(reference, `sha256:${createHash('sha256').update(result.stdout).digest('hex')}`)
}

const lookWithinMs = 60_000
