import { readFile, readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Programs that a deployment started outlive it when it is killed, and would go on making containers or migrating while
 * the next one brings things back. They carry the lock they ran under in their environment, and whoever takes that lock
 * ends them first. Programs in containers are Docker's; they are removed with the release.
 */
export async function endLeftoverPrograms(lock: string): Promise<number> {
  const mark = `${lockVariable}=${lock}`
  const ended = new Set<number>()
  for (let look = 0; look < looks; look++) {
    const found = await marked(mark)
    if (found.length === 0) break
    for (const pid of found) {
      ended.add(pid)
      kill(pid)
    }
    await sleep(20)
  }
  return ended.size
}

/** From here on every program that this process starts carries the mark; undefined: none does any more. */
export function markPrograms(lock: string | undefined): void {
  if (lock === undefined) delete process.env[lockVariable]
  else process.env[lockVariable] = lock
}

export const lockVariable = 'SLIPWAY_UNDER_LOCK'

const looks = 50

/** Not this process and those it descends from: a hook of a deployment that died may be what calls us. */
async function marked(mark: string): Promise<number[]> {
  const own = await ancestors()
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async pid => {
      if (own.has(pid)) return []
      const variables = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return variables.split('\0').includes(mark) ? [pid] : []
    }),
  )
  return found.flat()
}

async function ancestors(): Promise<Set<number>> {
  const own = new Set<number>()
  for (let pid = process.pid; pid > 1 && !own.has(pid); ) {
    own.add(pid)
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    pid = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  }
  return own
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
