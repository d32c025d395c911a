// One Debian bookworm, made on the host and imported as an image: what every stand-in starts from.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { debianKeys, debianSources, installPackages } from '../packages.mjs'
import { removeFolder, temporaryFolder } from '../temporary.mjs'
import { attempt, hasProgram, pipeline, run } from '../process.mjs'
import { fingerprint } from './fingerprint.mjs'
import { baseImage, packageListsImage } from './table.mjs'

const hook = fileURLToPath(new URL('./debian/hook.sh', import.meta.url))
const debian = 'http://deb.debian.org/debian'

/** The package sources of the image: this machine's mirrors if it is a Debian itself, else Debian's own. */
async function sourcesList(release) {
  const own = (await debianSources()).map(source => ({
    ...source,
    suite: /^[a-z]+(-updates|-security)?$/.test(source.suite) ? source.suite.replace(/^[a-z]+/, release) : '',
  }))
  const sources = own.filter(({ suite }) => suite !== '')
  const used = sources.some(source => source.suite === release)
    ? sources
    : [
        { address: debian, suite: release },
        { address: debian, suite: `${release}-updates` },
        { address: `${debian}-security`, suite: `${release}-security` },
      ]
  return used.map(source => `deb [signed-by=${debianKeys}] ${source.address} ${source.suite} main\n`).join('')
}

/**
 * Imports what a program writes. Docker takes a stream that breaks off for a whole one (even an empty one), so the image
 * gets its name only when the program has ended well.
 */
async function importOutput(name, release, [command, argumentList], environment) {
  const unfinished = `${name}-unfinished`
  const changes = [
    'CMD ["bash"]',
    'LABEL slipway.stand-in=true',
    `LABEL slipway.stands-for=debian:${release}-slim`,
    `LABEL slipway.really="made by mmdebstrap from the packages of Debian ${release}"`,
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
    writeFileSync(join(work, 'sources.list'), await sourcesList(release))
    const bootstrap = [
      '--quiet',
      '--mode=root',
      '--variant=minbase',
      '--format=tar',
      // Without these two, the package `usrmerge` would bring all of Perl (70 MB).
      '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
      '--include=usr-is-merged',
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
