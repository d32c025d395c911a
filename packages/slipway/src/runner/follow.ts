import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunId } from './names.ts'
import { linesFile, parsedLine, type Line } from './run-lines.ts'

/** Gives every line from the one with this number on, as it is written, until the last one or the signal. */
export async function follow(
  runs: string,
  run: RunId,
  from: number,
  signal: AbortSignal,
  tell: (line: Line, number: number) => Promise<void> | void,
  isAlive: () => Promise<boolean>,
): Promise<'ended' | 'died' | 'aborted'> {
  const lines = new GrowingFile(linesFile(runs, run))
  let number = 0
  let askAt = performance.now() + askEveryMs
  try {
    for (;;) {
      // Asked before the last look: what it wrote before it died is seen.
      const dead = performance.now() >= askAt && !(await isAlive())
      for (const text of await lines.more()) {
        const line = parsedLine(text)
        if (line === undefined) continue
        if (number >= from) await tell(line, number)
        number += 1
        if ('ended' in line) return 'ended'
      }
      if (dead) return 'died'
      if (performance.now() >= askAt) askAt = performance.now() + askEveryMs
      if (signal.aborted) return 'aborted'
      await sleep(lookEveryMs)
    }
  } finally {
    await lines.close()
  }
}

const lookEveryMs = 40
const askEveryMs = 1500

/** Complete lines of a file that somebody else adds to. */
class GrowingFile {
  readonly #path: string
  #handle: Awaited<ReturnType<typeof open>> | undefined
  #read = 0
  #rest = Buffer.alloc(0)

  constructor(path: string) {
    this.#path = path
  }

  async more(): Promise<string[]> {
    this.#handle ??= await open(this.#path, 'r').catch(() => undefined)
    if (this.#handle === undefined) return []
    for (;;) {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.alloc(64 * 1024), 0, undefined, this.#read)
      if (bytesRead === 0) break
      this.#read += bytesRead
      this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)])
    }
    const end = this.#rest.lastIndexOf(0x0a) + 1
    const whole = this.#rest.subarray(0, end).toString('utf8')
    this.#rest = this.#rest.subarray(end)
    return whole.split('\n').filter(line => line !== '')
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }
}
