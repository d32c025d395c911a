import { oneLine } from './harmless.ts'

/** As much of an image's name as tells it from others: the repository, and the beginning of the digest. */
export function shortImage(reference: string): string {
  return oneLine(reference.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1').replace(/^docker\.io\/(library\/)?/, ''))
}

/** Where no image has a digest, there is nothing to show. */
export function imageColumn(services: readonly { image?: string }[]): { title: string }[] {
  return services.some(service => service.image !== undefined) ? [{ title: 'IMAGE' }] : []
}
