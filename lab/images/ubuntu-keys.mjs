// The keys that sign Ubuntu's packages. Debian has no package of them, so Ubuntu's own is taken, known by its digest.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { place } from '../place.mjs'
import { run, step } from '../process.mjs'
import { removeFolder, temporaryFolder } from '../temporary.mjs'

const archive = 'http://archive.ubuntu.com/ubuntu/pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb'
const sha256 = '36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8'

/** Returns the keyring's file. */
export async function ensureUbuntuKeys(log) {
  const file = join(place.downloads, 'ubuntu-archive-keyring.gpg')
  if (!existsSync(file)) await step(log, 'keys of Ubuntu', () => fetchKeys(file))
  return file
}

async function fetchKeys(file) {
  const answer = await fetch(archive)
  if (!answer.ok) throw new Error(`${archive} answered ${answer.status}`)
  const content = Buffer.from(await answer.arrayBuffer())
  const found = createHash('sha256').update(content).digest('hex')
  if (found !== sha256) throw new Error(`${archive} is not what it was: its SHA-256 is ${found}`)
  const folder = temporaryFolder()
  try {
    const packed = join(folder, 'keys.deb')
    writeFileSync(packed, content)
    await run('dpkg-deb', ['--extract', packed, folder])
    mkdirSync(dirname(file), { recursive: true })
    copyFileSync(join(folder, 'usr/share/keyrings/ubuntu-archive-keyring.gpg'), `${file}.new`)
    renameSync(`${file}.new`, file)
  } finally {
    await removeFolder(folder)
  }
}
