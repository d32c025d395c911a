import { Readable } from 'node:stream'
import { expectDone, objectReader, readFields, readLines } from './git-output.ts'
import { streamGit } from '../../support/git.ts'
import { largestText } from './tracked.ts'

/**
 * Every file that Git has ever kept below a folder, each version under each of its names, with the commit in which it
 * came there. prefix: the folder's path in its repository, with a `/` at its end, or nothing.
 */
export async function readVersions(
  directory: string,
  prefix: string,
  hear: (version: Version, content: Buffer) => void,
): Promise<{ commits: number; versions: number; tooLarge: number; missing: number }> {
  const { commits, objects } = await listVersions(directory, prefix)
  const { readable, tooLarge, missing } = await measure(directory, [...objects.keys()])
  let versions = 0
  const output = objectReader((object, _kind, content) => {
    for (const version of objects.get(object)?.values() ?? []) {
      versions += 1
      hear(version, content)
    }
  })
  const input = Readable.from(lines(readable))
  expectDone(await streamGit(directory, ['cat-file', '--batch', '--buffer'], { input, output }))
  return { commits, versions, tooLarge, missing }
}

export interface Version {
  /** Below the folder. */
  path: string
  /** In which this content came under this name. */
  commit: string
  day: string
  /** How many commits were told of before it, newest first. */
  age: number
}

async function listVersions(
  directory: string,
  prefix: string,
): Promise<{ commits: number; objects: Map<string, Map<string, Version>> }> {
  const objects = new Map<string, Map<string, Version>>()
  let commit = { commit: '', day: '', age: 0 }
  let changed: { object: string; isFile: boolean } | undefined
  const hear = (field: string) => {
    if (changed !== undefined) {
      const { object, isFile } = changed
      changed = undefined
      if (!isFile) return
      const path = field.slice(prefix.length)
      const names = objects.get(object) ?? new Map<string, Version>()
      // Newest first: the last to be heard is where it came from.
      objects.set(object, names.set(path, { path, ...commit }))
      return
    }
    const [, mode, object] = rawChange.exec(field) ?? []
    if (mode !== undefined && object !== undefined) {
      // Links and submodules are no files; what was taken out is the version before it.
      changed = { object, isFile: mode.startsWith('100') }
      return
    }
    const [, name = '', day = ''] = header.exec(field) ?? []
    // A merge is told of once for each of its parents.
    if (name !== '' && name !== commit.commit) commit = { commit: name, day, age: commit.age + 1 }
  }
  const shape = ['--topo-order', '--raw', '-z', '--no-abbrev', '--no-renames', '--no-color', '-m']
  const argv = ['log', '--all', '--full-history', ...shape, '--format=commit %H %cs', '--', '.']
  await readFields(directory, argv, settings, hear)
  return { commits: commit.age, objects }
}

// The first change of a commit comes on a line of its own.
const rawChange = /^\n?:\d+ (\d+) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*$/
const header = /^commit ([0-9a-f]{40,64}) (\d{4}-\d\d-\d\d)$/
/** Whatever the person or the repository has set. */
const settings = ['log.showRoot=true', 'log.diffMerges=separate', 'log.follow=false']

async function measure(
  directory: string,
  objects: readonly string[],
): Promise<{ readable: string[]; tooLarge: number; missing: number }> {
  const readable: string[] = []
  let tooLarge = 0
  let missing = 0
  const input = Readable.from(lines(objects))
  await readLines(directory, ['cat-file', '--batch-check', '--buffer'], input, line => {
    const [object = '', kind = '', size = ''] = line.split(' ')
    if (kind === 'missing') missing += 1
    else if (Number(size) > largestText) tooLarge += 1
    else readable.push(object)
  })
  return { readable, tooLarge, missing }
}

function* lines(objects: readonly string[]): Generator<string> {
  for (const object of objects) yield `${object}\n`
}
