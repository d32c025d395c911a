import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import type { Connection } from '../servers/ssh/connection.ts'
import { SlipwayError } from '../support/errors.ts'
import { lastLines, run } from '../support/run.ts'
import { stream } from '../support/stream.ts'

/**
 * The image of the runner: this very bundle with Node and the docker command line. Its name ends in a fingerprint of
 * what it is made of, so that both sides of a session are always the same code.
 */
export async function imageName(version: string, product: string): Promise<string> {
  return `slipway-runner:${version}-${(await recipe(product)).slice(0, 12)}`
}

/** Over the bundle and the Dockerfile. `product`: the folder of the package, with `dist` and `runner` in it. */
export async function recipe(product: string): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of ['dist', 'runner']) {
    const found = await readdir(join(product, folder), { recursive: true, withFileTypes: true })
    const files = found.filter(each => each.isFile() && !each.name.endsWith('.map'))
    for (const file of files.map(each => join(each.parentPath, each.name)).sort()) {
      hash.update(`${file.slice(product.length)}\0`).update(await readFile(file))
    }
  }
  return hash.digest('hex')
}

/** Brings the image to a server that does not have it: pulled there when its name has a digest, else sent from here. */
export async function deliverImage(connection: Connection, image: string, product: string): Promise<void> {
  if (image.includes('@sha256:')) return pullThere(connection, image)
  await ensureHere(image, product)
  const packed = createGzip({ level: 1 })
  const [saved, loaded] = await Promise.all([
    stream('docker', ['image', 'save', image], { output: packed }),
    connection.stream(['docker', 'image', 'load', '--quiet'], { input: packed }),
  ])
  if (saved.exitCode !== 0 || saved.failure !== undefined) {
    throw failed(`The runner's image ${image} could not be read from Docker here`, saved.stderr)
  }
  if (loaded.exitCode !== 0 || loaded.failure !== undefined) {
    throw failed(`The runner's image could not be loaded on the server ${connection.server.name}`, loaded.stderr)
  }
}

/** Throws RUNNER_FAILED unless the image there has the layers, by their digests, of the one here. */
export async function proveSameImage(connection: Connection, image: string): Promise<void> {
  if (image.includes('@sha256:')) return
  const argv = ['image', 'inspect', '--format={{json .RootFS.Layers}}', '--', image]
  const [here, there] = await Promise.all([run('docker', argv), connection.run(['docker', ...argv])])
  if (here.exitCode === 0 && here.stdout === there.stdout) return
  throw failed(`The runner's image ${image} on the server is not the one from here`, `${here.stderr}\n${there.stderr}`)
}

async function pullThere(connection: Connection, image: string): Promise<void> {
  const pulled = await connection.run(['docker', 'image', 'pull', '--quiet', '--', image], { timeoutMs: 600_000 })
  if (pulled.exitCode === 0) return
  throw failed(`The server ${connection.server.name} can not pull the runner's image ${image}`, pulled.stderr)
}

async function ensureHere(image: string, product: string): Promise<void> {
  const present = await run('docker', ['image', 'inspect', '--format={{.Id}}', '--', image])
  if (present.exitCode === 0) return
  const built = await run('docker', buildArgv(image, product), { timeoutMs: 1_200_000 })
  if (built.exitCode !== 0) throw failed(`The runner's image ${image} could not be built here`, built.stderr)
}

/** Pure. */
export function buildArgv(image: string, product: string): string[] {
  return ['build', '--quiet', `--tag=${image}`, `--file=${join(product, 'runner', 'Dockerfile')}`, product]
}

function failed(attempted: string, printed: string): SlipwayError {
  const full = /no space left on device/i.test(printed)
  return new SlipwayError(full ? 'DISK_FULL' : 'RUNNER_FAILED', attempted, {
    why: lastLines(printed, 1)[0],
    output: lastLines(printed),
    state: 'nothing that runs was touched',
    next: full
      ? 'Free some disk space: docker system df shows what Docker keeps.'
      : 'Let the server pull it instead (servers: runner:), or see that Docker answers on both sides.',
  })
}
