// Completes package-lock.json. A registry mirror that carries only this system's binaries makes `npm install` leave the
// other systems' optional packages out of the lock file, and `npm ci` then refuses it everywhere, here too.
// Run it after an `npm install` that changed the lock file; `--check` changes nothing and fails when something is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const file = join(fileURLToPath(new URL('..', import.meta.url)), 'package-lock.json')

/** Optional packages that the lock file asks for and does not have: [{ path, name, version, licence }]. */
export function missingPackages(lock) {
  return Object.entries(lock.packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !lock.packages[`${parent}/node_modules/${name}`] && !lock.packages[`node_modules/${name}`])
      .map(([name, version]) => ({ path: `node_modules/${name}`, version, parent: entry })),
  )
}

/** The lock file with an entry for each; they carry no checksum, as nobody here has seen them. */
export function completed(lock) {
  const added = missingPackages(lock).map(({ path, version, parent }) => [
    path,
    { version, ...platform(path), ...(parent.dev ? { dev: true } : {}), optional: true },
  ])
  const sorted = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, 'en'))
  return { ...lock, packages: Object.fromEntries(sorted) }
}

/** `@biomejs/cli-linux-arm64-musl` → linux, arm64, musl. */
function platform(path) {
  const words = path.split(/[/-]/)
  const os = words.find(word => systems.includes(word))
  const cpu = words.find(word => processors.includes(word))
  if (os === undefined || cpu === undefined) throw new Error(`${path}: its name does not tell for which system it is`)
  const libc = words.includes('musl') || words.includes('musleabihf') ? ['musl'] : undefined
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc }), os: [os] }
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const missing = missingPackages(lock)
  if (!process.argv.includes('--check')) writeFileSync(file, `${JSON.stringify(completed(lock), null, 2)}\n`)
  else if (missing.length > 0) {
    console.error(`package-lock.json lacks ${missing.map(one => one.path).join(', ')}. Run: npm run lock`)
    process.exitCode = 1
  }
}
