import { relative } from 'node:path'
import { readComposeSources } from '../../config/locate.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { writtenImages } from '../../config/written-images.ts'
import { migrationFingerprintOf } from '../../engine/fetch.ts'
import { isByDigest } from '../../engine/image-reference.ts'
import { withImages } from '../../engine/pinned-document.ts'
import { reasonsAgainst, type Promotion } from '../../release/promotion.ts'
import { documentFingerprints } from '../../source/documents.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { ResolvedSource } from './resolve.ts'

/** The variables that the Compose files take promoted images from: `image: ${API_IMAGE:-…}` needs no configuration. */
export async function promotedVariables(
  config: EnvironmentConfig,
  promotion: Promotion,
): Promise<Record<string, string>> {
  const given: Record<string, string> = {}
  for (const [service, { variable }] of writtenImages(await readComposeSources(config.composeFiles))) {
    const image = Object.hasOwn(promotion.images, service) ? promotion.images[service] : undefined
    if (variable === undefined || image === undefined) continue
    if ((given[variable] ?? image) !== image) {
      throw refused(promotion, config, [
        `the Compose files take several images from ${variable}, and ${promotion.from} runs different ones`,
      ])
    }
    given[variable] = image
  }
  return given
}

/** The source with the images that another environment has proven. Throws when something else would run with them. */
export async function withPromotion(source: ResolvedSource, promotion: Promotion): Promise<ResolvedSource> {
  const { config, document } = source
  const [documents, migrationFingerprint, layers] = await Promise.all([
    documentFingerprints(config.composeFiles, config.directory),
    migrationFingerprintOf(config),
    readComposeSources(config.composeFiles),
  ])
  const written = writtenImages(layers)
  const services = source.services.filter(service => service.role !== 'state')
  const reasons = reasonsAgainst(promotion, {
    environment: config.environment,
    documents,
    services: services.map(({ name }) => ({
      name,
      pinned: isByDigest(document.services[name]?.image ?? ''),
      ...ownImage(written.get(name), config, promotion),
    })),
    ...(migrationFingerprint === undefined ? {} : { migrationFingerprint }),
  })
  if (reasons.length > 0) throw refused(promotion, config, reasons)
  const wanted = services.flatMap(({ name }) => {
    const image = Object.hasOwn(promotion.images, name) ? promotion.images[name] : undefined
    return image === undefined ? [] : [[name, image] as const]
  })
  return {
    ...source,
    document: withImages(document, Object.fromEntries(wanted)),
    // Of the code that the images were built from.
    ...(promotion.commit === undefined ? {} : { commit: promotion.commit }),
  }
}

/** A variable gets the promoted image wherever it stands. */
function ownImage(
  written: { file: string; image: string; variable?: string } | undefined,
  config: EnvironmentConfig,
  { documents }: Promotion,
): { ownImage?: { file: string; image: string } } {
  if (written === undefined || written.variable !== undefined) return {}
  const file = relative(config.directory, written.file)
  return Object.hasOwn(documents, file) ? {} : { ownImage: { file, image: written.image } }
}

function refused(promotion: Promotion, { environment }: EnvironmentConfig, reasons: readonly string[]): SlipwayError {
  const { from, release, commit } = promotion
  const checkOut =
    commit === undefined ? '' : `Check out what ${from} runs (git checkout ${commit.sha.slice(0, 12)}), or `
  return new SlipwayError('PROMOTION_REFUSED', `${release} of ${from} is not promoted to ${environment}`, {
    why: reasons.join('; '),
    state: `nothing was changed; ${environment} goes on as it was`,
    next: `${checkOut === '' ? 'D' : `${checkOut}d`}eploy this to ${from} first: slipway deploy ${from}`,
  })
}
