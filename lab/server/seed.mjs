// The data of a server's Docker, with images in it from the start: loading them into each server would take 20 s.
// They are loaded once, into a volume that no server uses; each server gets a copy, in which the layers are hard links.
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { place } from '../place.mjs'
import { attempt, pipeline, run, step, withLock } from '../process.mjs'
import { runServer, waitForDocker } from './container.mjs'
import { serverImages } from './images.mjs'

/** Fills the volume of a new server. */
export async function seedVolume(volume, images, { log, environment }) {
  const seed = await seedFor(images, environment)
  if (await copied(seed, volume, environment)) return
  await withLock(join(place.lockDirectory, 'seed'), log, async () => {
    // While we waited for the lock, another process may have made it.
    if (await copied(seed, volume, environment)) return
    await step(log, `images for the Docker of servers: ${images.join(', ')}`, () => fill(seed, images, environment))
    if (!(await copied(seed, volume, environment))) throw new Error(`the volume ${seed} could not be copied`)
  })
}

/** Another volume for other images, or newer ones. */
async function seedFor(images, environment) {
  const identifiers = await run('docker', ['image', 'inspect', '--format', '{{.Id}}', ...images], { environment })
  const digest = createHash('sha256').update(JSON.stringify(images)).update(identifiers).digest('hex').slice(0, 12)
  return `slipway-lab-seed-${digest}`
}

/** Layers never change in place, so links to them do; everything else Docker writes anew or is really copied. */
const copyScript = `
[ -e "/volumes/$1/_data/whole" ] || exit 3
set -e
to=/volumes/$2/_data
cd "/volumes/$1/_data"
cp -a image "$to/"
mkdir -m 710 "$to/overlay2"
cp -a overlay2/l "$to/overlay2/"
for layer in overlay2/*/; do
  [ "$layer" != overlay2/l/ ] || continue
  mkdir -m 710 "$to/$layer"
  cp -al "\${layer}diff" "$to/$layer"
  for name in link lower committed; do [ ! -e "$layer$name" ] || cp -a "$layer$name" "$to/$layer"; done
  [ ! -d "\${layer}work" ] || mkdir -m 700 "$to/\${layer}work"
done`

/** False when there is no whole seed. */
async function copied(seed, volume, environment) {
  const found = await attempt('docker', ['volume', 'inspect', '--format', '{{.Mountpoint}}', seed], { environment })
  if (found.code !== 0) return false
  // One mount with both volumes in it: there are no hard links from one mount to another.
  const volumes = `${dirname(dirname(found.stdout.trim()))}:/volumes`
  const program = [serverImages.bare.name, 'sh', '-c', copyScript, 'sh', seed, volume]
  const argv = ['run', '--rm', '--network', 'none', '--volume', volumes, ...program]
  const { code, stderr } = await attempt('docker', argv, { environment })
  if (code !== 0 && code !== 3) throw new Error(`the volume ${seed} could not be copied:\n  ${stderr.trim()}`)
  return code === 0
}

async function fill(seed, images, environment) {
  const container = seed.replace('seed', 'seeding')
  const inContainer = (...argv) => run('docker', ['exec', container, ...argv], { environment })
  const clean = async () => void (await attempt('docker', ['rm', '--force', container], { environment }))
  await clean()
  await attempt('docker', ['volume', 'rm', '--force', seed], { environment })
  try {
    await runServer({ container, volume: seed, image: serverImages.docker.name, network: 'none', environment })
    await waitForDocker(container, environment)
    const load = ['docker', ['exec', '--interactive', container, 'docker', 'load', '--quiet']]
    await pipeline(['docker', ['save', ...images]], load, { environment })
    await inContainer('systemctl', 'stop', 'docker.socket', 'docker', 'containerd')
    await inContainer('touch', '/var/lib/docker/whole')
  } finally {
    await clean()
  }
}
