import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'

/** What the system says of a file of secrets that can not be read or written, as an error of ours. */
export function unusableFile(file: string, act: 'read' | 'written', error: unknown): unknown {
  const code = errorCode(error)
  if (error instanceof SlipwayError || code === undefined) return error
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  const reason = reasons.get(code)
  return new SlipwayError(full ? 'DISK_FULL' : 'SECRETS_INVALID', `${file} can not be ${act}`, {
    why: reason?.why ?? `the system says ${code}`,
    state: 'nothing was changed',
    next: reason?.next ?? 'Look at the file and its folder: ls -la',
    cause: error,
  })
}

const mayNot = {
  why: 'this user may not, by the rights of the file or its folder',
  next: 'Look at whose they are (ls -la), and give yourself the right: chmod u+rw',
}

const reasons: ReadonlyMap<string, { why: string; next: string }> = new Map([
  ['EACCES', mayNot],
  ['EPERM', mayNot],
  ['EROFS', { why: 'it lies on a file system that is read-only', next: 'Mount it so that it can be written.' }],
  ['EISDIR', { why: 'there is a folder in its place', next: 'Move the folder away.' }],
  ['ENOTDIR', { why: 'there is a file in the place of its folder', next: 'Move that file away.' }],
  ['EEXIST', { why: 'there is a file in the place of its folder', next: 'Move that file away.' }],
  ['ENOSPC', { why: 'the disk is full', next: 'Make room.' }],
  ['EDQUOT', { why: 'your share of the disk is used up', next: 'Make room.' }],
])
