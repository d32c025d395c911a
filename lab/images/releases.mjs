// The releases of which a root file system can be made here, by their code names, and where their packages come from.
import { debianKeys, debianSources } from '../packages.mjs'
import { ensureUbuntuKeys } from './ubuntu-keys.mjs'

const debian = 'http://deb.debian.org/debian'
const ubuntu = 'http://archive.ubuntu.com/ubuntu'

export const releases = {
  bookworm: { system: 'debian', title: 'Debian 12' },
  trixie: { system: 'debian', title: 'Debian 13' },
  jammy: { system: 'ubuntu', title: 'Ubuntu 22.04' },
  noble: { system: 'ubuntu', title: 'Ubuntu 24.04' },
}

/** The text of sources.list, and what else mmdebstrap is to be told. */
export async function packagesOf(release, log) {
  if (releases[release].system === 'debian') return { sources: await debianList(release), options: mergedUsr }
  const suites = [release, `${release}-updates`, `${release}-security`]
  return {
    sources: suites.map(suite => `deb ${ubuntu} ${suite} main universe\n`).join(''),
    options: [`--keyring=${await ensureUbuntuKeys(log)}`, '--include=apt,ubuntu-keyring'],
  }
}

// Without these two, the package `usrmerge` would bring all of Perl (70 MB). Ubuntu's come without either.
const mergedUsr = ['--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr', '--include=usr-is-merged']

/** This machine's mirrors if it is a Debian itself, else Debian's own. */
async function debianList(release) {
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
