#!/usr/bin/env node
// Everything the demo and the tests need: a Docker engine and the images.
// node lab/setup.mjs [IMAGE ...]   prints `export NAME=VALUE` lines
import { fileURLToPath } from 'node:url'
import { ensureDocker, stopDocker } from './docker.mjs'
import { ensureImages } from './images.mjs'
import { usualImages } from './images/table.mjs'
import { logToStandardError } from './process.mjs'

export { stopDocker }

/**
 * Returns { started, environment }: `environment` is to be merged into process.env, and `started` tells whether this
 * call started the lab's daemon (then the caller may stop it again with stopDocker()).
 */
export async function setUp({ images = usualImages, log = logToStandardError } = {}) {
  const engine = await ensureDocker({ log })
  await ensureImages(images, { log, environment: engine.environment })
  return engine
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    const names = process.argv.slice(2)
    const { environment } = await setUp(names.length > 0 ? { images: names } : {})
    for (const [name, value] of Object.entries(environment)) process.stdout.write(`export ${name}=${value}\n`)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
