import type { ComposeDocument, ComposeService } from '../config/document.ts'
import type { ReleaseId, ReleaseService } from '../release/model.ts'
import { isByDigest } from './image-reference.ts'
import { imageTag } from './names.ts'

/** The Compose document that builds a release's images under tags of its own. Undefined: nothing to build. Pure. */
export function buildDocument(
  document: ComposeDocument,
  project: string,
  release: ReleaseId,
  services: readonly ReleaseService[],
): ComposeDocument | undefined {
  const own: Record<string, ComposeService> = {}
  for (const { name } of services) {
    const service = document.services[name]
    if (service?.build === undefined || !isBuilt(service)) continue
    const { build, platform } = service
    own[name] = { image: imageTag(project, name, release), build, ...(platform === undefined ? {} : { platform }) }
  }
  if (Object.keys(own).length === 0) return undefined
  return {
    name: `${project}-build`,
    services: own,
    ...(document.secrets === undefined ? {} : { secrets: document.secrets }),
  }
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
