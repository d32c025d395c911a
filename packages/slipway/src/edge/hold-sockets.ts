import { randomBytes } from 'node:crypto'
import { chmod, readdir, rename, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'

/** The socket files on which requests wait: made without a gap, and removed by whoever made them, or when he has died. */
export interface Listening {
  server: Server
  /** Of the socket's file. */
  inode: number
}

/** Binds beside and renames over: whatever a dead process left there is replaced without a gap. */
export async function listen(path: string, arrived: (socket: Socket) => void): Promise<Listening> {
  // As long as `.sock`, so that it is no longer a path than that; Node removes it by this name when it closes.
  const beside = path.replace(/sock$/, randomBytes(2).toString('hex'))
  try {
    await rm(beside, { force: true })
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, arrived)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: beside, backlog: 4096 }, resolve)
    })
    server.on('error', () => undefined)
    await chmod(beside, 0o600)
    const { ino } = await stat(beside)
    await rename(beside, path)
    return { server, inode: ino }
  } catch (error) {
    throw new SlipwayError('HOLD_FAILED', 'Requests could not be held', {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}

/** False: by now the next deployment's hold listens under the same name. */
export async function removeOwn(path: string, { inode }: Listening): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (found?.ino !== inode) return false
  await rm(path, { force: true }).catch(() => undefined)
  return true
}

/**
 * Sockets of a process that died in a hold: nobody listens on them any more. Those not yet renamed may be somebody's who
 * is about to listen; only under the environment's lock it is known that there is nobody.
 */
export async function removeDead(directory: string, names: RegExp): Promise<void> {
  for (const name of await readdir(directory).catch((): string[] => [])) {
    if (!names.test(name)) continue
    const path = join(directory, name)
    if (await isDead(path)) await rm(path, { force: true }).catch(() => undefined)
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('error', error => resolve(errorCode(error) === 'ECONNREFUSED'))
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
