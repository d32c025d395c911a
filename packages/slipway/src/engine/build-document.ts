import { isAbsolute, join, resolve } from 'node:path'
import type { ComposeDocument, ComposeService } from '../config/document.ts'
import type { ReleaseId, ReleaseService } from '../release/model.ts'
import { isByDigest } from './image-reference.ts'
import { imageTag } from './names.ts'

export interface Build {
  document: ComposeDocument
  /** Links that must be there while it is built, by what they lead to. */
  contexts: ReadonlyMap<string, string>
}

/**
 * The Compose document that builds a release's images under tags of its own. Undefined: nothing to build. Pure.
 *
 * BuildKit keeps a copy of each context by the name of its folder (`api`, in whatever place) and takes over only files
 * of another size or time: of two folders named alike it would build the first one's code for the second. So each
 * context is reached by a link, `<unique>-<n>` in `links`, whose name no build has had before.
 */
export function buildDocument(
  document: ComposeDocument,
  release: { project: string; id: ReleaseId; services: readonly ReleaseService[] },
  links: { folder: string; unique: string },
): Build | undefined {
  const own: Record<string, ComposeService> = {}
  const contexts = new Map<string, string>()
  for (const { name } of release.services) {
    const service = document.services[name]
    if (service?.build === undefined || !isBuilt(service)) continue
    const { build, platform } = service
    own[name] = {
      image: imageTag(release.project, name, release.id),
      build: throughLink(build, contexts, links),
      ...(platform === undefined ? {} : { platform }),
    }
  }
  if (Object.keys(own).length === 0) return undefined
  const secrets = document.secrets === undefined ? {} : { secrets: document.secrets }
  return { document: { name: `${release.project}-build`, services: own, ...secrets }, contexts }
}

type ComposeBuild = NonNullable<ComposeService['build']>

function throughLink(
  build: ComposeBuild,
  contexts: Map<string, string>,
  links: { folder: string; unique: string },
): ComposeBuild {
  const { context, dockerfile } = build
  if (context === undefined || !isAbsolute(context)) return build // a repository or an archive somewhere else
  const link = contexts.get(context) ?? join(links.folder, `${links.unique}-${contexts.size}`)
  contexts.set(context, link)
  // Seen from the link, `..` would be the wrong folder.
  const outside = typeof dockerfile === 'string' && dockerfile.split('/').includes('..')
  return { ...build, context: link, ...(outside ? { dockerfile: resolve(context, dockerfile) } : {}) }
}

/** What a digest names is there already: `build` is then for whoever works on it. */
export function isBuilt({ build, image }: ComposeService): boolean {
  return build !== undefined && !(image !== undefined && isByDigest(image))
}

/** Services whose image is taken as it is, with the reference to take. */
export function referencedImages(
  document: ComposeDocument,
  services: readonly ReleaseService[],
): { service: string; reference: string }[] {
  return services.flatMap(({ name }) => {
    const service = document.services[name]
    return service?.image === undefined || isBuilt(service) ? [] : [{ service: name, reference: service.image }]
  })
}
