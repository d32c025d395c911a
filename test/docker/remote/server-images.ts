import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { usualImages } from '../../../lab/images/table.mjs'
import { setUp } from '../../../lab/setup.mjs'
import { version } from '../../../packages/slipway/src/cli/version.ts'
import { buildArgv, imageName } from '../../../packages/slipway/src/runner/image.ts'

const product = resolve(import.meta.dirname, '../../../packages/slipway')

/**
 * What the Docker of a lab's server is to have from the start: the usual images, and the runner's of this version. To
 * pack, send and load that takes half a minute for each server; it is looked at in remote.test.ts.
 */
export async function serverImages(): Promise<readonly string[]> {
  const log = (): void => undefined
  const { environment } = await setUp({ images: ['node:22-bookworm-slim', 'docker:28-cli'], log })
  Object.assign(process.env, environment)
  const runner = await imageName(version, product)
  await promisify(execFile)('docker', buildArgv(runner, product))
  return [...usualImages, runner]
}
