// The images of servers: built here always, since no registry has them.
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBase, presentImages } from '../images.mjs'
import { fingerprint, imagesFolder } from '../images/fingerprint.mjs'
import { baseImage } from '../images/table.mjs'
import { ensurePlugins } from '../packages.mjs'
import { place } from '../place.mjs'
import { run, step, withLock } from '../process.mjs'
import { removeFolder, temporaryFolder } from '../temporary.mjs'

export const serverImages = {
  bare: { name: 'slipway-lab/server:bookworm', release: 'bookworm', recipes: ['server'] },
  ...Object.fromEntries(
    ['trixie', 'jammy', 'noble'].map(release => [
      release,
      { name: `slipway-lab/server:${release}`, release, recipes: ['server'] },
    ]),
  ),
  docker: { name: 'slipway-lab/server-docker:bookworm', release: 'bookworm', recipes: ['server', 'server-docker'] },
}

/** Makes the image of a server be there: bare (Debian 12), another release by its code name, or with Docker in it. Returns its name. */
export async function ensureServerImage(kind, { log, environment }) {
  const wanted = kind === 'docker' ? ['bare', 'docker'] : [kind]
  if ((await absent(wanted, environment)).length > 0) {
    await withLock(join(place.lockDirectory, 'images'), log, async () => {
      const missing = await absent(wanted, environment)
      for (const each of missing) {
        const { name, release } = serverImages[each]
        await ensureBase(log, environment, release)
        await step(log, `image of a server, ${name}`, () => build(each, log, environment))
      }
    })
  }
  return serverImages[kind].name
}

async function absent(kinds, environment) {
  const present = await presentImages(
    kinds.map(kind => serverImages[kind].name),
    environment,
  )
  return kinds.filter(kind => {
    const { name, recipes } = serverImages[kind]
    return present.get(name)?.['slipway.recipe'] !== fingerprint(...recipes)
  })
}

async function build(kind, log, environment) {
  const { name, release, recipes } = serverImages[kind]
  const folder = temporaryFolder()
  try {
    cpSync(join(imagesFolder, recipes.at(-1)), folder, { recursive: true })
    if (kind === 'docker') {
      await ensurePlugins(log)
      mkdirSync(join(folder, 'plugins'))
      cpSync(place.pluginDirectory, join(folder, 'plugins'), { recursive: true })
    }
    const label = `slipway.recipe=${fingerprint(...recipes)}`
    const given = [`RELEASE=${release}`, `BASE=${baseImage(release)}`].flatMap(each => ['--build-arg', each])
    const settings = ['--label', label, ...given, '--tag', name]
    const argv = ['buildx', 'build', '--quiet', '--load', ...settings, folder]
    await run('docker', argv, { environment })
  } finally {
    await removeFolder(folder)
  }
}
