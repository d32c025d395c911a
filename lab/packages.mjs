// Debian packages: installing some, and taking newer Compose and buildx plugins without installing them.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { place } from './place.mjs'
import { attempt, pause, run } from './process.mjs'

export const debianKeys = '/usr/share/keyrings/debian-archive-keyring.gpg'

const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
const lockedMessage = /Could not get lock|Unable to (?:acquire|lock)|is another process using it/
const interruptedMessage = /dpkg was interrupted/
const diskFullMessage = /No space left on device|don't have enough free space/

/** The fields of /etc/os-release, or nothing on a system without it. */
export function operatingSystem() {
  if (!existsSync('/etc/os-release')) return {}
  const lines = readFileSync('/etc/os-release', 'utf8')
    .split('\n')
    .filter(line => line.includes('='))
  return Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
  )
}

/** apt-get, waiting up to ten minutes for another apt or dpkg (a new server often updates itself at first). */
export async function aptGet(argumentList, log, options = {}) {
  const full = ['-q', '-o', 'Acquire::Retries=3', ...argumentList]
  for (let tries = 0; ; tries += 1) {
    const result = await attempt('apt-get', full, { environment, ...options })
    if (result.code === 0) return result.stdout
    if (diskFullMessage.test(result.stderr + result.stdout)) {
      throw new Error(`apt-get found no room on the disk: free some space and try again.\n  ${result.stderr.trim()}`)
    }
    if (interruptedMessage.test(result.stderr) && tries < 3) {
      log('an earlier installation was interrupted: finishing it first (dpkg --configure -a)')
      await run('dpkg', ['--configure', '-a'], { environment })
      continue
    }
    if (!lockedMessage.test(result.stderr) || tries >= 300) {
      throw new Error(`apt-get ${argumentList.join(' ')} failed:\n  ${result.stderr.trim()}`)
    }
    if (tries === 0) {
      const holder = /held by process \d+ \([^)]*\)/.exec(result.stderr)?.[0] ?? 'held by another program'
      log(`apt's lock is ${holder}: waiting for it (up to 10 minutes)`)
    }
    await pause(2000)
  }
}

export async function installPackages(names, log) {
  await aptGet(['update'], log)
  await aptGet(['install', '--yes', '--no-install-recommends', '--no-upgrade', ...names], log)
}

/** The package sources of Debian itself that this machine uses: [{ address, suite, components }]. */
export async function debianSources() {
  const format = '$(CREATED_BY)|$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)'
  const found = new Map()
  for (const line of (await run('apt-get', ['indextargets', '--format', format], { environment })).split('\n')) {
    const [kind, origin, address, suite, component] = line.split('|')
    if (kind !== 'Packages' || origin !== 'Debian') continue
    const key = `${address} ${suite}`
    const entry = found.get(key) ?? { address, suite, components: [] }
    if (!entry.components.includes(component)) entry.components.push(component)
    found.set(key, entry)
  }
  return [...found.values()]
}

/** For what needs the plugins themselves, wherever the machine's own may lie. */
export async function ensurePlugins(log) {
  const there = ['docker-compose', 'docker-buildx'].every(name => existsSync(join(place.pluginDirectory, name)))
  if (!there) await fetchPlugins(log)
}

/**
 * Debian 12 has no Compose v2: take `docker-compose` and `docker-buildx` of Debian 13 from the same mirror. apt works in
 * folders of ours, and the two programs are only unpacked, so the machine's own package state does not change.
 */
export async function fetchPlugins(log) {
  const work = join(place.downloads, 'plugins')
  rmSync(work, { recursive: true, force: true })
  for (const folder of ['lists/partial', 'cache/archives/partial', 'unpacked']) {
    mkdirSync(join(work, folder), { recursive: true })
  }
  const sources = await debianSources()
  const address = sources.find(source => !/security|updates|backports/.test(source.suite))?.address
  writeFileSync(
    join(work, 'sources.list'),
    `deb [signed-by=${debianKeys}] ${address ?? 'http://deb.debian.org/debian'} trixie main\n`,
  )
  const separate = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': 'root', // the folder is root's alone
    'Acquire::Languages': 'none',
  }
  const options = Object.entries(separate).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await aptGet([...options, 'update'], log)
  await aptGet([...options, 'download', 'docker-compose', 'docker-buildx'], log, { cwd: work })
  const archives = readdirSync(work).filter(name => name.endsWith('.deb'))
  await Promise.all(archives.map(name => run('dpkg-deb', ['--extract', join(work, name), join(work, 'unpacked')])))
  mkdirSync(place.pluginDirectory, { recursive: true })
  const folder = join(work, 'unpacked/usr/libexec/docker/cli-plugins')
  for (const name of readdirSync(folder)) {
    copyFileSync(join(folder, name), join(place.pluginDirectory, name))
    chmodSync(join(place.pluginDirectory, name), 0o755)
  }
  // The client of Debian 12 builds without BuildKit unless told that `docker build` means buildx, as it does elsewhere.
  writeFileSync(join(place.dockerConfig, 'config.json'), '{ "aliases": { "builder": "buildx" } }\n')
  rmSync(work, { recursive: true, force: true })
}
