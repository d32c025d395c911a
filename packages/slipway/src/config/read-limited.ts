import { open, stat } from 'node:fs/promises'
import { SlipwayError } from '../support/errors.ts'
import { largestFile } from './yaml.ts'

/** No more than the limit is ever read, whatever the file is. */
export async function readLimited(file: string): Promise<Uint8Array> {
  try {
    if (!(await stat(file)).isFile()) throw new Error('it is not a regular file')
    const handle = await open(file)
    try {
      const buffer = new Uint8Array(largestFile + 1)
      let length = 0
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
        length += bytesRead
        if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length)
      }
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    throw new SlipwayError('CONFIG_NOT_FOUND', `Could not read ${file}.`, {
      why: thrown instanceof Error ? thrown.message : String(thrown),
      next: 'Name a slipway.yaml that exists.',
    })
  }
}
