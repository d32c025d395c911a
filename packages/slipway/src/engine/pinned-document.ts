import type { ComposeDocument } from '../config/document.ts'
import type { ReleaseService } from '../release/model.ts'
import { referencedImages } from './build-document.ts'
import { imageReference, isByDigest } from './image-reference.ts'

/**
 * The tags that are to be looked up: of what a deployment brings anew, in these registries. A database does not change
 * because somebody has moved a tag. Pure.
 */
export function tagsToResolve(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  registries: readonly string[],
): string[] {
  const brought = services.filter(service => service.role !== 'state')
  return [
    ...new Set(
      referencedImages(document, brought)
        .map(each => each.reference)
        .filter(written => !isByDigest(written) && registries.includes(imageReference(written).registry)),
    ),
  ]
}

/** The document with digests in the place of tags. `digests` has whole references by what is written. Pure. */
export function withResolvedTags(
  document: ComposeDocument,
  services: readonly ReleaseService[],
  digests: Readonly<Record<string, string>>,
): ComposeDocument {
  const images = Object.fromEntries(
    referencedImages(
      document,
      services.filter(service => service.role !== 'state'),
    ).flatMap(({ service, reference }) => {
      const digest = Object.hasOwn(digests, reference) ? digests[reference] : undefined
      return digest === undefined ? [] : [[service, digest]]
    }),
  ) as Record<string, string>
  return withImages(document, images)
}

/** The document in which these services have these images, whatever it says of them. Pure. */
export function withImages(document: ComposeDocument, images: Readonly<Record<string, string>>): ComposeDocument {
  const services = Object.entries(document.services).map(([name, service]) => {
    const image = Object.hasOwn(images, name) ? images[name] : undefined
    return [name, image === undefined ? service : { ...service, image }] as const
  })
  return { ...document, services: Object.fromEntries(services) }
}
