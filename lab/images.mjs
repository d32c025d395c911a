#!/usr/bin/env node
// Makes the named images be there: pulled where a registry answers, else built from Debian's and npm's packages under
// their usual names, with labels and a line of output that say so.
// node lab/images.mjs [NAME ...]
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkRoom } from './disk.mjs'
import { fingerprint, imagesFolder } from './images/fingerprint.mjs'
import { prepareNodeContext } from './images/node-context.mjs'
import { releases } from './images/releases.mjs'
import { buildRootFileSystem } from './images/root-file-system.mjs'
import { baseImage, images, packageListsImage, recipes, usualImages } from './images/table.mjs'
import { ensurePlugins } from './packages.mjs'
import { place } from './place.mjs'
import { attempt, logToStandardError, run, step, withLock } from './process.mjs'
import { registryAnswers } from './registry.mjs'
import { removeLeftoverFolders, temporaryFolder } from './temporary.mjs'

/** The labels of those of the named images that are there. */
export async function presentImages(names, environment) {
  const format = '{{json .RepoTags}}\t{{json .Config.Labels}}'
  const { stdout } = await attempt('docker', ['image', 'inspect', '--format', format, ...names], { environment })
  const present = new Map()
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [tags, labels] = line.split('\t').map(part => JSON.parse(part))
    for (const tag of tags) present.set(tag, labels ?? {})
  }
  return present
}

/** The names that are still to be had: absent, or a stand-in made by an older recipe. */
async function missingImages(names, environment) {
  const present = await presentImages(names, environment)
  return names.filter(name => {
    const labels = present.get(name)
    const made = labels?.['slipway.recipe']
    return labels === undefined || (made !== undefined && name in images && made !== fingerprint(images[name]))
  })
}

async function pull(name, log, environment) {
  const result = await attempt('docker', ['pull', '--quiet', name], { environment, timeout: 300_000 })
  if (result.code !== 0) log(`${name} could not be pulled: ${result.stderr.trim().split('\n').at(-1)}`)
  return result.code === 0
}

async function buildStandIn(recipe, names, { folder, buildArguments }, environment) {
  const labels = {
    'slipway.stand-in': 'true',
    'slipway.stands-for': names.join(' '),
    'slipway.really': recipes[recipe].really,
    'slipway.recipe': fingerprint(recipe),
  }
  cpSync(join(imagesFolder, recipe), folder, { recursive: true })
  const options = [
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...names.flatMap(name => ['--tag', name]),
    ...buildArguments,
  ]
  await run('docker', ['buildx', 'build', '--quiet', '--load', ...options, folder], { environment })
}

/** Runs `work` on every item, at most `width` at a time. */
async function inParallel(items, width, work) {
  const queue = [...items]
  const worker = async () => {
    while (queue.length > 0) await work(queue.shift())
  }
  await Promise.all(Array.from({ length: width }, worker))
}

export async function ensureImages(names = usualImages, { log = logToStandardError, environment = {} } = {}) {
  if ((await missingImages(names, environment)).length === 0) return
  await withLock(join(place.lockDirectory, 'images'), log, async () => {
    let missing = await missingImages(names, environment) // asked again: another process may have built them
    if (missing.length > 0 && (await registryAnswers())) {
      const refused = []
      await inParallel(missing, 2, name =>
        step(log, `pulling ${name}`, async () => {
          if (!(await pull(name, log, environment))) refused.push(name)
        }),
      )
      missing = refused
    }
    if (missing.length > 0) await buildStandIns(missing, log, environment)
  })
}

async function buildStandIns(missing, log, environment) {
  const unknown = missing.filter(name => !(name in images))
  if (unknown.length > 0) {
    const names = unknown.join(', ')
    throw new Error(`No registry answers, and the lab has no stand-in for ${names} (see lab/images/table.mjs).`)
  }
  checkRoom(place.directory, 2)
  log(`not to be had from a registry: ${missing.join(', ')}; building stand-ins`)
  await removeLeftoverFolders()
  const needed = Object.keys(recipes).filter(recipe => missing.some(name => images[name] === recipe))
  // Node comes from npm over the network while the bootstrap keeps one core busy.
  const node = needed.includes('node') ? prepareNodeContext() : undefined
  node?.catch(() => {}) // reported below, where it is waited for
  try {
    await ensureBase(log, environment)
    await inParallel(needed, 2, async recipe => {
      const names = missing.filter(name => images[name] === recipe)
      await step(log, `stand-in for ${names.join(', ')}: really ${recipes[recipe].really}`, async () => {
        const context = recipe === 'node' ? await node : await contextOf(recipe, log)
        await buildStandIn(recipe, names, context, environment)
      })
    })
  } finally {
    await node?.catch(() => {})
    await removeLeftoverFolders()
  }
}

async function contextOf(recipe, log) {
  const folder = temporaryFolder()
  if (recipe === 'docker-cli') {
    await ensurePlugins(log)
    cpSync(place.pluginDirectory, join(folder, 'plugins'), { recursive: true })
    cpSync((await run('which', ['docker'])).trim(), join(folder, 'docker'), { dereference: true })
  }
  return { folder, buildArguments: [] }
}

/** The caller holds the lock of the images. */
export async function ensureBase(log, environment, release = 'bookworm') {
  const names = [baseImage(release), packageListsImage(release)]
  const present = await presentImages(names, environment)
  const current = name => present.get(name)?.['slipway.recipe'] === fingerprint('debian')
  if (names.every(current)) return
  await step(log, `root file system of ${releases[release].title} (mmdebstrap)`, () =>
    buildRootFileSystem(log, environment, release),
  )
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    const names = process.argv.slice(2)
    await ensureImages(names.length > 0 ? names : usualImages)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
