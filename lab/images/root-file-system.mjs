// A Debian or Ubuntu, made on the host and imported as an image: what every stand-in and every server starts from.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages } from '../packages.mjs'
import { removeFolder, temporaryFolder } from '../temporary.mjs'
import { attempt, hasProgram, pipeline, run } from '../process.mjs'
import { fingerprint } from './fingerprint.mjs'
import { packagesOf, releases } from './releases.mjs'
import { baseImage, packageListsImage } from './table.mjs'

const hook = fileURLToPath(new URL('./debian/hook.sh', import.meta.url))

/**
 * Imports what a program writes. Docker takes a stream that breaks off for a whole one (even an empty one), so the image
 * gets its name only when the program has ended well.
 */
async function importOutput(name, release, [command, argumentList], environment) {
  const unfinished = `${name}-unfinished`
  const changes = [
    'CMD ["bash"]',
    'LABEL slipway.stand-in=true',
    `LABEL slipway.stands-for=${releases[release].system}:${release}`,
    `LABEL slipway.really="made by mmdebstrap from the packages of ${releases[release].title}"`,
    `LABEL slipway.recipe=${fingerprint('debian')}`,
  ].flatMap(change => ['--change', change])
  try {
    const sink = ['docker', ['import', ...changes, '-', unfinished]]
    await pipeline([command, argumentList], sink, { environment })
    await run('docker', ['tag', unfinished, name], { environment })
  } finally {
    await attempt('docker', ['image', 'rm', unfinished], { environment })
  }
}

/** Work in memory where there is plenty: dpkg waits for the disk after every package, which doubles the time. */
async function useMemory(folder) {
  const available = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0)
  if (available < 4e6) return
  await attempt('mount', ['--types', 'tmpfs', '--options', 'size=1g,mode=755', 'tmpfs', folder])
}

export async function buildRootFileSystem(log, environment, release) {
  if (process.getuid() !== 0) throw new Error('Building stand-ins for images takes root (mmdebstrap).')
  if (!hasProgram('mmdebstrap')) await installPackages(['mmdebstrap'], log)
  const work = temporaryFolder()
  try {
    await useMemory(work)
    const lists = join(work, 'lists')
    mkdirSync(lists)
    const { sources, options } = await packagesOf(release, log)
    writeFileSync(join(work, 'sources.list'), sources)
    const bootstrap = [
      '--quiet',
      '--mode=root',
      '--variant=minbase',
      '--format=tar',
      ...options,
      `--setup-hook=${hook}`,
      `--customize-hook=${hook}`,
      `--customize-hook=copy-out /var/lib/apt/lists ${work}`,
      release,
      '-',
      join(work, 'sources.list'),
    ]
    // mmdebstrap unpacks in TMPDIR; /tmp itself may be small, or a mount that forbids devices.
    await importOutput(baseImage(release), release, ['mmdebstrap', bootstrap], { ...environment, TMPDIR: work })
    rmSync(join(lists, 'lock'), { force: true })
    // The package lists save each build of a stand-in its `apt-get update`, and no image keeps them.
    const archive = ['--create', '--directory', lists, '.']
    await importOutput(packageListsImage(release), release, ['tar', archive], environment)
  } finally {
    await removeFolder(work)
  }
}
