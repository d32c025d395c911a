import type { ComposeDocument } from '../config/document.ts'
import type { MigrateConfig } from '../config/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { isByDigest } from './image-reference.ts'

/**
 * Several servers get the same images by digest, or nothing happens: what is built is another image on each, and so may
 * be what a tag stands for. State services are on one server. Pure.
 */
export function proveSameImages(
  document: ComposeDocument,
  services: readonly { name: string; role: string }[],
  migrate: Pick<MigrateConfig, 'service'> | undefined,
): void {
  const unsure = services.filter(({ name, role }) => {
    if (role === 'state' || (role === 'job' && name !== migrate?.service)) return false
    const { image } = document.services[name] ?? {}
    return image === undefined || !isByDigest(image)
  })
  if (unsure.length === 0) return
  const names = unsure.map(({ name }) => name)
  throw new SlipwayError('CONFIG_INVALID', `Several servers could get different images of ${names.join(', ')}`, {
    why: unsure
      .map(({ name }) => {
        const { image, build } = document.services[name] ?? {}
        return build === undefined ? `${name} names ${image ?? 'no image'} without its digest` : `${name} is built`
      })
      .join('; '),
    state: 'nothing was changed',
    next: 'Build once, push to a registry, and name each image by its digest, or by a tag of a registry under `registries` in slipway.yaml.',
  })
}
