// The app as it is in this example (v1), or one of the releases that go over it, written into a folder of its own.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** What each release is: its version, and the release that its files go over. */
export const releases = {
  v1: { version: '0.1.0' },
  v2: { version: '0.2.0', over: 'v1' },
  v3: { version: '0.3.0', over: 'v2' },
  'code-only': { version: '0.2.1', over: 'v1' },
  'does-not-build': { version: '0.2.2', over: 'v1' },
  'health-500': { version: '0.2.3', over: 'v1' },
  'health-hangs': { version: '0.2.4', over: 'v1' },
  'exits-at-once': { version: '0.2.5', over: 'v1' },
  'crash-loop': { version: '0.2.6', over: 'v1' },
  'slow-boot': { version: '0.2.7', over: 'v1' },
  'crashes-later': { version: '0.2.8', over: 'v1' },
  'unwell-later': { version: '0.2.9', over: 'v1' },
  'errors-later': { version: '0.2.10', over: 'v1' },
  'migration-fails-half-way': { version: '0.3.1', over: 'v2' },
  'migration-lies': { version: '0.3.2', over: 'v2' },
}

const here = dirname(fileURLToPath(import.meta.url))
const notPartOfTheApp = /^(node_modules|generated|releases|\.env|\.git|\.scratch-.*)$/
const keptInTarget = ['.git', '.env']

/**
 * Makes `target` hold exactly the release (and its own .git and .env). `over` puts a release over another one than
 * usual, such as code-only over v2. With `git`, what changed becomes a commit on `branch`.
 */
export function materialise(target, name = 'v1', { over, git = false, branch = 'main' } = {}) {
  const layers = layersOf(name, over)
  empty(target)
  cpSync(dirname(here), target, { recursive: true, filter: path => !notPartOfTheApp.test(basename(path)) })
  for (const layer of layers) overlay(target, join(here, layer))
  const { version } = releases[name]
  writeVersion(target, version)
  return { name, version, commit: git ? commit(target, branch, `${name} (${version})`) : undefined }
}

function layersOf(name, over) {
  const release = releases[name]
  if (!release) throw new Error(`There is no release ${name}: ${Object.keys(releases).join(', ')}`)
  const below = over ?? release.over
  return below ? [...layersOf(below), name] : []
}

function empty(target) {
  mkdirSync(target, { recursive: true })
  const entries = readdirSync(target).filter(entry => !keptInTarget.includes(entry))
  const ours = existsSync(join(target, 'slipway.yaml')) && existsSync(join(target, 'apps/api/prisma'))
  if (entries.length > 0 && !ours) throw new Error(`${target} holds something else; nothing was changed.`)
  for (const entry of entries) rmSync(join(target, entry), { recursive: true })
}

function overlay(target, layer) {
  const list = join(layer, 'DELETE')
  const deleted = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : []
  for (const path of deleted) rmSync(join(target, path), { recursive: true })
  cpSync(layer, target, { recursive: true, filter: path => path !== list })
}

function writeVersion(target, version) {
  for (const file of ['package.json', 'package-lock.json'].map(name => join(target, 'apps/api', name))) {
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    manifest.version = version
    if (manifest.packages) manifest.packages[''].version = version
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  }
}

function commit(target, branch, message) {
  const settings = { 'user.name': 'Baby Basics', 'user.email': 'baby@example.com', 'commit.gpgSign': 'false' }
  const options = Object.entries({ ...settings, 'core.hooksPath': '/dev/null' }).flatMap(pair => ['-c', pair.join('=')])
  const git = (...words) => execFileSync('git', [...options, ...words], { cwd: target, encoding: 'utf8' }).trim()
  const known = name => git('for-each-ref', `refs/heads/${name}`) !== ''
  if (!existsSync(join(target, '.git'))) git('init', '--quiet', `--initial-branch=${branch}`)
  else if (!known(branch) && known('')) git('branch', branch)
  git('symbolic-ref', 'HEAD', `refs/heads/${branch}`)
  git('add', '--all')
  if (git('status', '--porcelain')) git('commit', '--quiet', `--message=${message}`)
  return git('rev-parse', 'HEAD')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { git: { type: 'boolean' }, branch: { type: 'string' }, over: { type: 'string' } },
  })
  if (positionals.length === 0)
    throw new Error('usage: node apply.mjs TARGET [RELEASE] [--over RELEASE] [--git] [--branch main]')
  console.log(JSON.stringify(materialise(positionals[0], positionals[1], values)))
}
