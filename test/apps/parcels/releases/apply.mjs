// Makes a project folder of one release: the app, then the named release's files laid over it.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const app = dirname(here)

/** What a release is laid over. The bad ones are the second release with one thing wrong. */
const layers = {
  v1: [],
  v2: ['v2'],
  v3: ['v2', 'v3'],
  'bad-worker': ['v2', 'bad-worker'],
  'bad-desk': ['v2', 'bad-desk'],
}

export const releases = Object.keys(layers)

/**
 * Writes the release into `target`, over what may be there: an existing .env and slipway.yaml are kept.
 * port: where the edge listens. git: commit the result there.
 */
export function materialise(target, name = 'v1', { git = false, port } = {}) {
  const overlays = layers[name]
  if (overlays === undefined) throw new Error(`there is no release ${name}; there are ${releases.join(', ')}`)
  const keepConfiguration = existsSync(join(target, 'slipway.yaml'))
  const wanted = source => {
    const [top] = relative(app, source).split('/')
    return !['node_modules', 'releases', '.env'].includes(top) && !(keepConfiguration && top === 'slipway.yaml')
  }
  // What an earlier release brought and this one lacks must go.
  for (const folder of ['src', 'migrations']) rmSync(join(target, folder), { recursive: true, force: true })
  cpSync(app, target, { recursive: true, filter: wanted })
  for (const overlay of overlays) cpSync(join(here, overlay), target, { recursive: true })
  if (port !== undefined) setPort(join(target, 'slipway.yaml'), port)
  writePassword(join(target, '.env'))
  if (git) commit(target, name)
}

function setPort(file, port) {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/listen: 127\.0\.0\.1:\d+/, `listen: 127.0.0.1:${Number(port)}`))
}

function writePassword(file) {
  if (existsSync(file)) return
  writeFileSync(file, `PARCELS_DB_PASSWORD=${randomBytes(18).toString('hex')}\n`, { mode: 0o600 })
}

function commit(target, name) {
  const run = (...words) => {
    const { status, stderr } = spawnSync('git', ['-C', target, ...words], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`git ${words[0]} failed: ${stderr}`)
  }
  if (!readdirSync(target).includes('.git')) run('init', '--quiet', '--initial-branch=main')
  writeFileSync(join(target, '.gitignore'), '.env\nnode_modules\n')
  run('add', '--all')
  run(
    '-c',
    'user.name=Parcels',
    '-c',
    'user.email=parcels@example.com',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    name,
  )
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const [target, name] = process.argv.slice(2)
  if (target === undefined) throw new Error('usage: node releases/apply.mjs FOLDER [RELEASE]')
  materialise(target, name)
}
