// What the Node stand-in needs from this machine. It is read while building and goes into the image only: certificates
// and addresses of a machine never become part of the repository.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../process.mjs'
import { temporaryFolder } from '../temporary.mjs'

const systemBundle = '/etc/ssl/certs/ca-certificates.crt'
const addedByHand = '/usr/local/share/ca-certificates'
const inTheImage = '/etc/ssl/slipway-lab/extra.pem'
const usualRegistry = 'https://registry.npmjs.org/'

const npmSetting = async name => {
  const value = (await run('npm', ['config', 'get', name, '--global'])).trim()
  return value === 'null' || value === 'undefined' ? '' : value
}

/** Certificate authorities that this machine trusts beyond Debian's own: added by its owner, or named for npm or Node. */
async function extraCertificates() {
  const files = []
  if (existsSync(addedByHand)) {
    for (const entry of readdirSync(addedByHand, { recursive: true })) {
      if (String(entry).endsWith('.crt')) files.push(join(addedByHand, String(entry)))
    }
  }
  for (const file of [process.env.NODE_EXTRA_CA_CERTS, await npmSetting('cafile')]) {
    if (file && file !== systemBundle && existsSync(file)) files.push(file)
  }
  const texts = files.map(file => readFileSync(file, 'utf8').trim()).filter(text => text.includes('BEGIN CERTIFICATE'))
  return [...new Set(texts)].join('\n')
}

/** Fetches Node and npm, and writes the machine's part of the image: { folder, buildArguments } of the build. */
export async function prepareNodeContext() {
  const folder = temporaryFolder()
  const packages = join(folder, 'packages')
  const machine = join(folder, 'machine')
  mkdirSync(packages)
  mkdirSync(join(machine, 'etc/ssl/slipway-lab'), { recursive: true })
  await run(
    'npm',
    ['pack', `node-linux-${process.arch}@22`, 'npm@10', '--pack-destination', packages, '--ignore-scripts', '--silent'],
    { cwd: folder },
  )
  const version = /-(\d+\.\d+\.\d+)\.tgz/.exec(readdirSync(packages).find(name => name.startsWith('node-linux-')))?.[1]

  const certificates = await extraCertificates()
  if (certificates) writeFileSync(join(machine, inTheImage), `${certificates}\n`)
  else rmSync(join(machine, 'etc'), { recursive: true })
  const registry = await npmSetting('registry')
  if (registry && registry !== usualRegistry) {
    mkdirSync(join(machine, 'usr/local/etc'), { recursive: true })
    writeFileSync(join(machine, 'usr/local/etc/npmrc'), `registry=${registry}\n`)
  }
  const values = { NODE_VERSION: version, EXTRA_CERTIFICATES: certificates ? inTheImage : '' }
  return {
    folder,
    buildArguments: Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
  }
}
