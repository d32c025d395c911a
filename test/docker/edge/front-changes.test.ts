import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isThere } from '../../../packages/slipway/src/support/files.ts'
import { aConfig, aRelease, ask, dockerOk, edgeLab, freePort, type EdgeLab } from './lab.ts'

/** No app runs: a host that the front serves is answered 503, another one 404. */
describe('the front on real Docker, changed by several and taken back', () => {
  let lab: EdgeLab

  beforeEach(async () => {
    lab = await edgeLab()
  })

  afterEach(async () => lab.end())

  const serving = async (port: number, host: string): Promise<number | string> =>
    // What may be asked again would wait for a door.
    ask(port, '/', { host }, 'POST', 'body').then(
      answer => answer.status,
      () => 'refused',
    )

  it('takes the first sites of several apps in at once, none of which takes another one down', async () => {
    const names = ['a', 'b', 'c']
    await Promise.all(
      names.map(name => {
        const project = `${lab.prefix}-${name}`
        const listen = { host: '127.0.0.1', port: lab.port }
        const release = aRelease(project, 'r1', [{ name: 'web', hosts: [`${name}.test`] }])
        return lab.edge(project).ensureFront(release, aConfig(project, { listen }))
      }),
    )
    for (const name of names) expect(await serving(lab.port, `${name}.test`), name).toBe(503)
    expect(await serving(lab.port, 'd.test')).toBe(404)
    expect(await dockerOk(['ps', '--all', '--format', '{{.Names}}', '--filter', `name=${lab.edgeName}`])).toBe(
      lab.edgeName,
    )
  })

  it('serves a site again as it was, also when what replaces it is still under way', async () => {
    const project = `${lab.prefix}-a`
    const edge = lab.edge(project)
    const [old, moved] = [
      { host: '127.0.0.1', port: lab.port },
      { host: '127.0.0.1', port: await freePort() },
    ]
    const release = aRelease(project, 'r1', [{ name: 'web', hosts: ['a.test'] }])
    const renamed = aRelease(project, 'r2', [{ name: 'web', hosts: ['new.test'] }])
    await edge.ensureFront(release, aConfig(project, { listen: old }))
    const before = await edge.site()
    await edge.ensureFront(renamed, aConfig(project, { listen: moved }))
    expect([await serving(old.port, 'a.test'), await serving(moved.port, 'new.test')]).toEqual(['refused', 503])
    // As after a kill: another process brings it back, and does so twice.
    for (const again of [lab.edge(project), lab.edge(project)]) {
      await again.bringBackSite(before)
      expect([await serving(old.port, 'a.test'), await serving(moved.port, 'new.test')]).toEqual([503, 'refused'])
    }
    const underWay = edge.ensureFront(renamed, aConfig(project, { listen: moved }))
    await edge.bringBackSite(before)
    await underWay
    expect([await serving(old.port, 'a.test'), await serving(moved.port, 'new.test')]).toEqual([503, 'refused'])
    // A first deployment had none.
    await edge.bringBackSite(undefined)
    expect(await serving(old.port, 'a.test')).toBe('refused')
    expect(await edge.site()).toBeUndefined()
  })

  it('asks nobody to leave any more for a reload that was killed', async () => {
    const project = `${lab.prefix}-a`
    const config = aConfig(project, { listen: { host: '127.0.0.1', port: lab.port } })
    await lab.edge(project).ensureFront(aRelease(project, 'r1'), config)
    await writeFile(join(lab.directory, 'leaving'), '')
    await lab.edge(project).ensureFront(aRelease(project, 'r1'), config)
    expect(await isThere(join(lab.directory, 'leaving'))).toBe(false)
  })
})
