import { open, type FileHandle } from 'node:fs/promises'

/** A file of JSON lines that is only ever added to. A line that was cut off never spoils the next one. */
export interface LineFile {
  /** On disk when it returns. Calls at the same time keep their order. */
  append(value: unknown): Promise<void>
  close(): Promise<void>
}

export async function openLines(file: string): Promise<LineFile> {
  const handle = await open(file, 'a+', 0o600)
  let cutOff = await endsInsideLine(handle)
  let queue = Promise.resolve()
  const write = async (value: unknown) => {
    const line = `${cutOff ? '\n' : ''}${JSON.stringify(value)}\n`
    // Until the write has succeeded, nobody knows how much of it is there.
    cutOff = true
    await handle.appendFile(line)
    cutOff = false
    await handle.datasync()
  }
  return {
    append(value) {
      const written = queue.then(() => write(value))
      queue = written.catch(() => undefined)
      return written
    },
    async close() {
      await queue
      await handle.close()
    },
  }
}

/** Half a line, as a power cut leaves it, was never acted upon: it does not count, and nor does anything else unreadable. */
export function parseLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap(line => {
    try {
      const value: unknown = JSON.parse(line)
      return isRecord(value) ? [value] : []
    } catch {
      return []
    }
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function endsInsideLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat()
  if (size === 0) return false
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] !== 0x0a
}
