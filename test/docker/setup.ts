import { prepare, stopEngine } from '../../scripts/prepare.mjs'

/** Ensures the built command line, a Docker engine (DOCKER_HOST) and the images, and takes back what it started. */
export default async function setup(): Promise<() => Promise<void>> {
  const { startedEngine } = await prepare()
  return async () => {
    if (startedEngine) await stopEngine()
  }
}
