/** The registry of an image as a Compose file names it: `docker.io` when no other is named. Pure. */
export function registryOf(image: string): string {
  const first = image.split('@', 1)[0]?.split('/')[0] ?? ''
  const isRegistry = image.includes('/') && (/[.:]/.test(first) || first === 'localhost')
  return !isRegistry || first === 'index.docker.io' ? docker : first
}

export const docker = 'docker.io'
