import type { Commit, ReleaseId } from './model.ts'

/** What an environment runs and has proven, as another one is to get it. */
export interface Promotion {
  /** The environment. */
  from: string
  release: ReleaseId
  version: string
  commit?: Commit
  /** The image of each web service, worker and job, by digest. */
  images: Record<string, string>
  /** Of the release: `Release.documents`. */
  documents: Record<string, string>
  migrationFingerprint?: string
}

/** A promotion with what was seen of it there. */
export interface ProvenRelease {
  promotion: Promotion
  /** Of several servers: `Release.shared`. */
  shared?: string
  /** Why it counts as proven: one sentence each. */
  proof: string[]
  /** What nobody has seen of it, which does not stand in its way: one sentence each. */
  unseen?: string[]
}

/** What would run in the other environment, beside the images. */
export interface PromotionTarget {
  environment: string
  documents: Readonly<Record<string, string>>
  /** Absent: it runs no migration, or nothing shows which there are. */
  migrationFingerprint?: string
  services: readonly TargetService[]
}

export interface TargetService {
  name: string
  /** A Compose file that the other environment does not have gives it this image, as it is written there. */
  ownImage?: { file: string; image: string }
  /** Its image has a digest, or is about to get one from a variable. */
  pinned: boolean
}

/** Why something else than what was proven would run; none: what runs is what was tested. Pure. */
export function reasonsAgainst(promotion: Promotion, target: PromotionTarget): string[] {
  const { from, release, documents } = promotion
  const { environment } = target
  const common = Object.keys(target.documents).filter(file => Object.hasOwn(documents, file))
  const changed = common.filter(file => documents[file] !== target.documents[file])
  return [
    ...(common.length > 0
      ? []
      : [
          `${environment} and ${from} have no Compose file in common: ${listed(target.documents)} here, ${listed(documents)} there`,
        ]),
    ...changed.map(file => `${file}, or what it mounts read-only, is not as it is in ${release} of ${from}`),
    ...(target.migrationFingerprint === undefined || target.migrationFingerprint === promotion.migrationFingerprint
      ? []
      : [`the migrations here are not those of ${release} of ${from}`]),
    ...target.services.flatMap(service => reasonAgainst(service, promotion, environment)),
  ]
}

function reasonAgainst(service: TargetService, { from, images }: Promotion, environment: string): string[] {
  const { name, ownImage, pinned } = service
  const isProven = Object.hasOwn(images, name)
  if (isProven && ownImage !== undefined) return [`${ownImage.file} gives ${name} another image: ${ownImage.image}`]
  if (isProven || (pinned && ownImage !== undefined)) return []
  return [
    `${from} runs no ${name}: whatever ${environment} would run there is not tested; what only ${environment} has needs an image with its digest`,
  ]
}

function listed(documents: Readonly<Record<string, string>>): string {
  const names = Object.keys(documents)
  return names.length === 0 ? 'none' : names.join(', ')
}
