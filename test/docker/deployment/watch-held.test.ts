import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Project } from '../project.ts'
import { thorough } from '../sample.ts'

let project: Project

describe.runIf(thorough)('a release that was held turns bad in the watch', () => {
  beforeAll(async () => {
    project = await Project.create({ watch: '30s', warm: '5m', extra: 'rehearse: off' })
    await project.release('v1')
    const { record, stderr } = await project.deploy()
    expect(record?.outcome, stderr).toBe('deployed')
  })

  afterAll(() => project.destroy())

  test('a release that was held and turns bad stays, because data is never taken back by itself; a person is told how', async () => {
    await project.release('crashes-later', 'v2')
    const { record, exitCode, stderr } = await project.deploy()
    expect(record?.heldMs, stderr).toBeGreaterThan(0)
    expect(record).toMatchObject({ outcome: 'deployed', release: 'r2' })
    expect(record?.doubt).toMatch(/exited|restarted/)
    expect(record?.doubt).toContain(`slipway rollback prod --data restore --confirm=${project.app}`)
    expect(stderr).toContain('r1 can not live with the data as it is now')
    expect(exitCode).toBe(4)
    const { containers } = await project.leftovers()
    expect(containers.filter(name => !name.includes('-db-'))).toHaveLength(2)
  })

  test('what it was told works: code and data of before come back, and what was written since is kept', async () => {
    const { record, stderr } = await project.rollback('--data', 'restore', `--confirm=${project.app}`)
    expect(record, stderr).toMatchObject({ outcome: 'deployed', release: 'r1' })
    expect(await project.version()).toBe('0.1.0')
    expect((await project.leftovers()).databases.some(name => name.includes('__left_'))).toBe(true)
  })
})
