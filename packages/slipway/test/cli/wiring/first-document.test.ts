import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { firstDocument } from '../../../src/cli/wiring/first-document.ts'
import type { Release } from '../../../src/release/model.ts'
import { layout } from '../../../src/store/layout.ts'
import { fileJournal } from '../../../src/store/journal.ts'
import { environmentConfig } from '../../config/subject.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'first-document-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** Its Compose file is not there: whatever needs it fails. */
const config = () => environmentConfig({ directory: home, composeFiles: [join(home, 'compose.yaml')] })

async function cutOff(release?: string): Promise<ReturnType<typeof layout>> {
  const place = layout('shop-prod', home)
  const journal = await fileJournal(place).open('d1')
  const at = '2026-11-21T10:00:00.000Z'
  await journal.append({ at, type: 'deployment-started', id: 'd1' } as never)
  if (release !== undefined) {
    const directory = join(home, 'r1')
    await mkdir(directory)
    await writeFile(join(directory, 'resolved.compose.json'), release)
    await journal.append({
      at,
      type: 'step-fact',
      step: 'fetch',
      facts: { release: { id: 'r1', directory } as unknown as Release },
    })
  }
  await journal.close()
  return place
}

test('of a first deployment that was cut off it is what that one had brought in', async () => {
  const place = await cutOff('{"services":{"db":{"image":"postgres:16-alpine"}}}')
  expect(await firstDocument(config(), place, undefined)).toEqual({ services: { db: { image: 'postgres:16-alpine' } } })
})

test('a folder that says nothing, as without what is promoted, hinders nobody who looks or ends what was cut off', async () => {
  expect(await firstDocument(config(), await cutOff(), undefined)).toEqual({ services: {} })
  expect(await firstDocument(config(), layout('other-prod', home), undefined)).toEqual({ services: {} })
})

test('from Git the folder is not asked', async () => {
  const fromGit = { ...config(), source: { kind: 'git', branch: 'main', remote: 'origin', repository: 'git@x:y.git' } }
  expect(await firstDocument(fromGit as never, layout('shop-prod', home), undefined)).toEqual({ services: {} })
})
