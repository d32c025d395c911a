import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ResumedProject } from '../../../src/cli/application.ts'
import { resumeAll } from '../../../src/cli/wiring/resume-all.ts'
import { layout } from '../../../src/store/layout.ts'
import { notePlace } from '../../../src/store/places.ts'

describe('all environments of a machine', () => {
  let home: string

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'resume-all-'))
    vi.stubEnv('SLIPWAY_HOME', home)
  })

  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(home, { recursive: true, force: true })
  })

  /** A deployment that was cut off. */
  async function cutOff(project: string): Promise<void> {
    const { journals } = layout(project, home)
    await mkdir(journals, { recursive: true })
    const started = { at: '2026-11-21T17:00:00Z', type: 'deployment-started', id: 'd1' }
    await writeFile(join(journals, 'd1.jsonl'), `${JSON.stringify(started)}\n`)
  }

  async function resumed(signal = new AbortController().signal) {
    const heard: ResumedProject[] = []
    const results = await resumeAll(signal, result => heard.push(result))
    expect(heard).toEqual(results)
    return results.map(result => [result.project, result.outcome === 'failed' ? result.error.code : result.outcome])
  }

  test('none is none', async () => {
    expect(await resumed()).toEqual([])
  })

  test('where nothing was begun, a slipway.yaml that is gone is no trouble', async () => {
    await notePlace(layout('old-prod', home), { configFile: '/nowhere/slipway.yaml', environment: 'prod' })
    expect(await resumed()).toEqual([['old-prod', 'nothing']])
  })

  test('what fails in one keeps no other from its turn', async () => {
    for (const project of ['a-prod', 'b-prod', 'c-prod', 'd-prod']) await cutOff(project)
    await notePlace(layout('b-prod', home), { configFile: '/nowhere/slipway.yaml', environment: 'prod' })
    await writeFile(join(home, 'apps/c-prod/deployed.json'), '{"configFile":"/elsewhere","variables":{}}')
    const file = join(home, 'slipway.yaml')
    await writeFile(file, 'app: other\ncompose: compose.yaml\nenvironments: { prod: {} }\n')
    await writeFile(join(home, 'compose.yaml'), 'services: { web: { image: web } }\n')
    await notePlace(layout('d-prod', home), { configFile: file, environment: 'prod' })
    expect(await resumed()).toEqual([
      ['a-prod', 'NO_RELEASE'],
      ['b-prod', 'CONFIG_NOT_FOUND'],
      // Its runner does it.
      ['c-prod', 'nothing'],
      ['d-prod', 'CONFIG_INVALID'],
    ])
  })

  test('ends between two of them when it is interrupted', async () => {
    for (const project of ['a-prod', 'b-prod']) await cutOff(project)
    const interrupt = new AbortController()
    const heard: string[] = []
    await resumeAll(interrupt.signal, ({ project }) => {
      heard.push(project)
      interrupt.abort()
    })
    expect(heard).toEqual(['a-prod'])
  })
})
