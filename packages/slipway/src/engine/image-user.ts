import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readIfPresent } from '../support/files.ts'
import { docker, tryDocker } from './docker.ts'
import { labels } from './names.ts'
import { parseUser, userOf, type User } from './user-names.ts'

/**
 * The user as whom a service's container runs, as numbers. A name is looked up in the image's own /etc/passwd: the
 * container is made for that, and never started.
 */
export async function serviceUser(image: string, user: string | undefined, scratch: string): Promise<User> {
  const written = user ?? (await docker(['image', 'inspect', '--format', '{{.Config.User}}', '--', image])).trim()
  const plain = parseUser(written)
  if (plain !== undefined) return plain
  const folder = await mkdtemp(join(scratch, 'users-'))
  // The same for every deployment of an environment: what a killed one left is removed by the next.
  const name = `slipway-users-${createHash('sha256').update(dirname(scratch)).digest('hex').slice(0, 16)}`
  try {
    await tryDocker(['rm', '--force', '--volumes', '--', name])
    await docker([
      'create',
      '--name',
      name,
      '--network',
      'none',
      '--label',
      `${labels.role}=lookup`,
      '--',
      image,
      '/never-started',
    ])
    const read = async (file: string): Promise<string> => {
      const to = join(folder, file)
      await tryDocker(['cp', '--follow-link', '--', `${name}:/etc/${file}`, to])
      return (await readIfPresent(to)) ?? ''
    }
    return userOf(written, await read('passwd'), await read('group'))
  } finally {
    await tryDocker(['rm', '--force', '--volumes', '--', name])
    await rm(folder, { recursive: true, force: true })
  }
}

/** Whether numbers of users mean the same inside containers and outside. */
export async function sharesUsers(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  const options = await docker(['info', '--format', '{{json .SecurityOptions}}'])
  return !/name=(userns|rootless)/.test(options)
}
