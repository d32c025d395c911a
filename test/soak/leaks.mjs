// What a deployment that has ended may not have left: everything that is neither the release that serves, nor state,
// nor kept by policy.
import { readFile, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { docker, lines } from './docker.mjs'

/** One line for each thing too many. */
export async function findLeaks(pulse) {
  const current = (await readlink(join(pulse.store, 'current')).catch(() => '')).split('/').at(-1)
  const found = await Promise.all([
    containers(pulse, current),
    networks(pulse, current),
    databases(pulse),
    files(pulse, current),
    programs(pulse),
    images(pulse),
  ])
  return found.flat()
}

async function containers({ project, app }, current) {
  const allowed = new Set([`${project}-db-1`, `${app}-edge`, `${project}-${current}-door`])
  for (const service of ['web', 'worker']) allowed.add(`${project}-${current}-${service}-1`)
  const names = lines(await docker('ps', '-a', '--filter', `name=${app}`, '--format', '{{.Names}}'))
  return names.filter(name => !allowed.has(name)).map(name => `container ${name}`)
}

async function networks({ project, app }, current) {
  const names = lines(await docker('network', 'ls', '--filter', `name=${app}`, '--format', '{{.Name}}'))
  const allowed = name => name.startsWith(`${project}-${current}_`) || name.startsWith(`${project}_`)
  return names.filter(name => !allowed(name)).map(name => `network ${name}`)
}

/** One snapshot may be kept (retention.databases), and it is the one that the last deployment's record names. */
async function databases(pulse) {
  const names = lines(await pulse.sql('select datname from pg_database where not datistemplate', 'postgres'))
  const known = new Set((await pulse.history()).filter(each => each.outcome === 'deployed').map(each => each.snapshot))
  const extra = names.filter(name => !['pulse', 'postgres'].includes(name) && !known.has(name))
  const fences = await docker('exec', `${pulse.project}-db-1`, 'sh', '-c', 'cat "$PGDATA"/pg_hba.conf')
  return [...extra.map(name => `database ${name}`), ...(/slipway/i.test(fences) ? ['fence in pg_hba.conf'] : [])]
}

async function files(pulse, current) {
  const { base, store, home, doors } = pulse
  const all = [...(await walk(home)), ...(await walk(join(base, 'backups')))]
  const unfinished = all.filter(file => /\.partial$|\.next$|\/\.live$|\/\.index-|\/incoming\/|\/leaving$/.test(file))
  const releases = await readdir(join(store, 'releases')).catch(() => [])
  const known = new Set((await pulse.history()).flatMap(each => (each.outcome === 'deployed' ? [each.release] : [])))
  const strange = releases.filter(name => /^r\d+$/.test(name) && !known.has(name)).map(name => `release ${name}`)
  const open = (await readdir(doors).catch(() => [])).filter(name => !['live', 'hold', current].includes(name))
  const waiting = await readdir(join(doors, 'hold')).catch(() => [])
  const rehearsals = await readdir(join(home, 'rehearsal')).catch(() => [])
  return [
    ...unfinished.map(file => `file ${file}`),
    ...strange,
    ...open.map(name => `door ${name}`),
    ...waiting.map(name => `socket hold/${name}`),
    ...rehearsals.map(name => `rehearsal ${name}`),
  ]
}

async function programs({ store, project }) {
  const found = []
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    const variables = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').join(' ')
    const marked = variables.split('\0').includes(`SLIPWAY_UNDER_LOCK=${join(store, 'lock')}`)
    const guards = argv.includes(`__guard`) && argv.includes(project)
    if (marked || guards || argv.includes(join(store, 'lock'))) found.push(`process ${pid} ${argv.slice(0, 120)}`)
  }
  return found
}

async function images({ project, store }) {
  const kept = new Set(await readdir(join(store, 'releases')).catch(() => []))
  const tags = lines(
    await docker('image', 'ls', '--filter', `reference=slipway/${project}/*`, '--format', '{{.Repository}}:{{.Tag}}'),
  )
  return tags.filter(tag => !kept.has(tag.split(':').at(-1))).map(tag => `image ${tag}`)
}

async function walk(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.map(entry => join(entry.parentPath ?? entry.path, entry.name))
}
