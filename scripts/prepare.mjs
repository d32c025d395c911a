// Everything that must be there before the demo, the tests and the measurements: packages, the built command line, and
// a Docker engine with images. Safe to repeat, quick when all is there. Imports nothing that must be installed first.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stopDocker } from '../lab/docker.mjs'
import { place } from '../lab/place.mjs'
import { run, step, withLock } from '../lab/process.mjs'
import { setUp } from '../lab/setup.mjs'

export { stopDocker as stopEngine }
export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const cli = join(root, 'packages/slipway/dist/slipway.js')

const oldestNode = [20, 19]
const logToStandardError = line => process.stderr.write(`${line}\n`)

/** Returns { startedEngine }: this call started the lab's own Docker daemon, so its caller may stop it. */
export async function prepare({ log = logToStandardError, docker = true } = {}) {
  requireNode()
  await installPackages(log)
  await build(log)
  if (!docker) return { startedEngine: false }
  const { started, environment } = await setUp({ log })
  Object.assign(process.env, environment)
  return { startedEngine: started }
}

export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const good = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
  if (!good)
    throw new Error(`Node.js ${oldestNode.join('.')} or newer is needed; this is ${version}. See https://nodejs.org.`)
}

/** `npm ci`, only when what is installed is not what package-lock.json says. */
export async function installPackages(log, directory = root) {
  if (installed(directory)) return
  await withLock(join(place.lockDirectory, 'packages'), log, async () => {
    if (installed(directory)) return // another process has done it while we waited
    const words = ['ci', '--no-audit', '--no-fund']
    await step(log, `npm ci in ${directory}`, () => run('npm', words, { cwd: directory, timeout: 600_000 }))
  })
}

/** Compares npm's own note of what it installed with the lock file, package by package. */
export function installed(directory) {
  const wanted = packagesOf(join(directory, 'package-lock.json'))
  const present = packagesOf(join(directory, 'node_modules/.package-lock.json'))
  if (wanted === undefined || present === undefined) return false
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional, peer }]) => {
    if (!path.includes('node_modules/') || link) return true
    const found = present[path]?.version
    // Packages for other systems are optional and absent.
    return found === version || (found === undefined && (optional || devOptional || peer) === true)
  })
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Bundles the command line when a source is newer than the bundle. */
async function build(log) {
  if (isBuilt()) return
  await withLock(join(place.lockDirectory, 'build'), log, async () => {
    if (isBuilt()) return
    await step(log, 'building the command line', () =>
      promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: root }),
    )
  })
}

function isBuilt() {
  if (!existsSync(cli)) return false
  const builtAt = statSync(cli).mtimeMs
  const sources = ['packages/slipway/src', 'packages/slipway/package.json', 'scripts/build.mjs', 'package-lock.json']
  return sources.every(source => newest(join(root, source)) < builtAt)
}

function newest(path) {
  const { mtimeMs } = statSync(path)
  if (!statSync(path).isDirectory()) return mtimeMs
  return Math.max(mtimeMs, ...readdirSync(path).map(name => newest(join(path, name))))
}
