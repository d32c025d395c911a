import { createServer } from 'node:net'
import { request as httpsRequest } from 'node:https'
import { stat, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaddyEdge } from '../../../packages/slipway/src/edge/edge.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'
import { aConfig, aRelease, ask, dockerOk, edgeLab, freePort, load, type EdgeLab } from './lab.ts'

/** One front, two projects: `a` has the host a.test, `b` takes the rest. */
describe('serving on real Docker', () => {
  let lab: EdgeLab
  let edge: CaddyEdge
  let other: CaddyEdge
  let project: string
  let otherProject: string

  const release = () => aRelease(project, 'r1', [{ name: 'web', hosts: ['a.test'] }])
  const otherRelease = () => aRelease(otherProject, 'r1')
  const listen = () => ({ host: '127.0.0.1', port: lab.port })
  const toA = (path: string, headers: Record<string, string | string[]> = {}) =>
    ask(lab.port, path, { host: 'a.test', ...headers })

  beforeAll(async () => {
    lab = await edgeLab()
    project = `${lab.prefix}-a`
    otherProject = `${lab.prefix}-b`
    edge = lab.edge(project)
    other = lab.edge(otherProject)
    await lab.startApp(project, 'r1')
    const trusting = aConfig(project, { listen: listen(), trustedProxies: ['127.0.0.2/32'] })
    // Both at once: neither may overwrite the other.
    await Promise.all([
      edge.ensureFront(release(), trusting),
      edge.openDoor(release(), [await lab.network(project, 'r1')]),
    ])
    await edge.switchTo(release())
    while ((await edge.probe(release(), 'web', '/', 2000)).kind !== 'answered') await sleep(20)
  })

  afterAll(async () => lab.end())

  it('tells the app who asks, whatever the client claims', async () => {
    const claims = {
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.test',
      'slipway-forwarded-for': ['7.7.7.7', '{env.PATH}'],
      'Slipway-Forwarded-Host': '{env.PATH}',
      'slipway-door': 'no-answer',
    }
    const { headers } = (await toA('/', claims)).json
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'a.test',
    })
    expect(Object.keys(headers ?? {}).filter(name => name.startsWith('slipway-forwarded'))).toEqual([])
  })

  it('believes a trusted proxy', async () => {
    const answer = await run('curl', [
      ...['--silent', '--interface', '127.0.0.2', '--header', 'Host: a.test', '--header', 'X-Forwarded-For: 9.9.9.9'],
      ...['--header', 'X-Forwarded-Proto: https', `http://127.0.0.1:${lab.port}/`],
    ])
    expect(JSON.parse(answer.stdout)).toMatchObject({
      headers: { 'x-forwarded-for': '9.9.9.9, 127.0.0.2', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.test' },
    })
  })

  it('passes the answer through as it is', async () => {
    const answer = await toA('/?status=418')
    expect(answer.status).toBe(418)
    expect(answer.headers['server']).toBe('the-app')
    expect((await ask(lab.port, '/', { host: 'unknown.test' })).status).toBe(404)
  })

  it('serves a second project beside the first, and says which project is in the way', async () => {
    const clash = aRelease(otherProject, 'r1', [{ name: 'web', hosts: ['a.test'] }])
    await expect(other.ensureFront(clash, aConfig(otherProject, { listen: listen() }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      why: expect.stringContaining(project),
    })
    const everywhere = aConfig(otherProject, { listen: { host: '', port: lab.port } })
    await expect(other.ensureFront(otherRelease(), everywhere)).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      why: expect.stringContaining(project),
    })
    await lab.startApp(otherProject, 'r1')
    const loading = load(lab.port, 200, 3, 'a.test')
    await sleep(500)
    await Promise.all([
      other.ensureFront(otherRelease(), aConfig(otherProject, { listen: listen() })),
      other.openDoor(otherRelease(), [await lab.network(otherProject, 'r1')]),
    ])
    const reloadedAt = Date.now()
    await other.switchTo(otherRelease())
    while ((await other.probe(otherRelease(), 'web', '/', 2000)).kind !== 'answered') await sleep(20)
    expect((await ask(lab.port, '/b', { host: 'whatever.test' })).json).toMatchObject({ release: 'r1', url: '/b' })
    expect((await toA('/a')).status).toBe(200)
    // The front was reloaded meanwhile. A starved machine may reset connections that it had not accepted yet, and none
    // that came after it.
    const result = await loading
    console.log(`load through a reload ${JSON.stringify(result)}`)
    expect(Object.keys(result.failed).filter(why => why !== 'ECONNRESET')).toEqual([])
    expect(result.lastFailedAt).toBeLessThan(reloadedAt)
    expect(result.ok).toBeGreaterThan(550)
  })

  it('touches the front only when a site differs', async () => {
    const before = await stat(join(lab.directory, 'front.json'))
    const began = performance.now()
    await edge.ensureFront(release(), aConfig(project, { listen: listen(), trustedProxies: ['127.0.0.2/32'] }))
    console.log(`a front that is as wanted ${Math.round(performance.now() - began)} ms`)
    expect((await stat(join(lab.directory, 'front.json'))).ino).toBe(before.ino)
  })

  it('serves domains with TLS and sends http there', async () => {
    const secure = aRelease(otherProject, 'r1', [{ name: 'web', hosts: ['b.test'] }])
    await other.ensureFront(secure, aConfig(otherProject, { mode: 'domains', domains: ['b.test'] }))
    const redirect = await ask(lab.ports.http, '/x', { host: 'b.test' })
    expect(redirect.status).toBe(308)
    expect(redirect.headers['location']).toMatch(/^https:\/\/b\.test.*\/x$/)
    let text = ''
    for (let attempt = 0; text === '' && attempt < 50; attempt++) {
      text = await overTls(lab.ports.https, 'b.test').catch(() => '')
      if (text === '') await sleep(100)
    }
    expect(JSON.parse(text)).toMatchObject({
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' },
    })
    expect((await toA('/')).status).toBe(200)
  })

  it('names the program that has the port, and changes nothing', async () => {
    const port = await freePort()
    const squatter = createServer()
    await new Promise<void>(resolve => squatter.listen(port, '127.0.0.1', resolve))
    await expect(
      edge.ensureFront(release(), aConfig(project, { listen: { host: '127.0.0.1', port } })),
    ).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      why: expect.stringContaining(`(pid ${process.pid}) listens on port ${port}`),
    })
    await new Promise(resolve => squatter.close(resolve))
    expect((await toA('/')).status).toBe(200)
    const trusting = aConfig(project, { listen: listen(), trustedProxies: ['127.0.0.2/32'] })
    await edge.ensureFront(release(), trusting)
    expect((await toA('/')).status).toBe(200)
  })

  it('serves the same release after the front restarts or is killed', async () => {
    for (const argv of [
      ['restart', '--time', '2', lab.edgeName],
      ['kill', lab.edgeName],
    ]) {
      await dockerOk(argv)
      if (argv[0] === 'kill')
        await edge.ensureFront(release(), aConfig(project, { listen: listen(), trustedProxies: ['127.0.0.2/32'] }))
      for (let attempt = 0; attempt < 50 && (await toA('/').catch(() => undefined))?.status !== 200; attempt++)
        await sleep(50)
      expect((await toA('/')).json.release).toBe('r1')
    }
  })

  it('answers 503 for a dead door, and serves again when it is back on its stale socket', async () => {
    const door = `${project}-r1-door`
    await dockerOk(['kill', door])
    const [dead, later] = await Promise.all([ask(lab.port, '/', { host: 'a.test' }, 'POST', 'body'), toA('/')])
    expect([dead.status, later.status]).toEqual([503, 503])
    expect(dead.headers['retry-after']).toBe('1')
    expect(await edge.probe(release(), 'web', '/', 1000)).toMatchObject({ kind: 'no-answer' })
    expect(await edge.inFlight(release())).toEqual({ requests: 0, webSockets: 0, eventStreams: 0 })
    await dockerOk(['start', door])
    for (let attempt = 0; attempt < 50 && (await toA('/')).status !== 200; attempt++) await sleep(50)
    expect((await toA('/')).status).toBe(200)
    await dockerOk(['kill', door])
    await edge.openDoor(release(), [await lab.network(project, 'r1')])
    expect((await toA('/')).status).toBe(200)
  })

  it('answers 503 when the link is gone or leads nowhere', async () => {
    const live = join(lab.directory, 'doors', project, 'live')
    const post = () => ask(lab.port, '/', { host: 'a.test' }, 'POST', 'body')
    await unlink(live)
    expect((await post()).status).toBe(503)
    await symlink('../../../etc', live)
    expect((await post()).status).toBe(503)
    expect(await edge.live()).toBeUndefined()
    await edge.switchTo(release())
    expect((await toA('/')).status).toBe(200)
  })

  it('counts what people were answered, and none of its own probes', async () => {
    const id = 'r3'
    const young = aRelease(project, id, [{ name: 'web', hosts: ['a.test'] }])
    await edge.openDoor(young, [await lab.network(project, id)])
    for (let times = 0; times < 12; times++)
      expect(await edge.probe(young, 'web', '/', 1000)).toMatchObject({ kind: 'no-answer' })
    expect(await edge.answered?.(young)).toEqual({ requests: 0, failed: 0 })
    await edge.switchTo(young)
    for (let times = 0; times < 3; times++) expect((await toA('/')).status).toBe(502)
    expect(await edge.answered?.(young)).toEqual({ requests: 3, failed: 3 })
    await edge.switchTo(release())
    await edge.closeDoor(young)
  })

  it('asks a release before people come, through its door and uncounted', async () => {
    const id = 'r4'
    const young = aRelease(project, id, [{ name: 'web', hosts: ['a.test'] }])
    for (const service of young.services) {
      service.health.path = '/well'
      service.health.warmUp = ['/slow?ms=1', '/?status=500']
    }
    await lab.startApp(project, id)
    await edge.openDoor(young, [await lab.network(project, id)])
    while ((await edge.probe(young, 'web', '/', 2000)).kind !== 'answered') await sleep(20)
    await edge.warmUp?.(young, 'web', new AbortController().signal)
    const probe = await edge.probe(young, 'web', '/asked', 1000)
    if (probe.kind !== 'answered') throw new Error(probe.why)
    const asked = JSON.parse(probe.body) as Record<string, number>
    for (const path of ['/slow?ms=1', '/?status=500']) expect(asked[path]).toBeGreaterThan(3)
    // One that limits requests by address could not be probed any more.
    expect(asked['/well']).toBeUndefined()
    expect(await edge.answered?.(young)).toEqual({ requests: 0, failed: 0 })
    await edge.closeDoor(young)
  })

  it('goes on with the other replica when one dies', async () => {
    const id = 'r2'
    const doubled = aRelease(project, id, [{ name: 'web', hosts: ['a.test'], replicas: 2 }])
    const [, second] = await Promise.all([lab.startApp(project, id), lab.startApp(project, id, '2')])
    await edge.openDoor(doubled, [await lab.network(project, id)])
    await edge.switchTo(doubled)
    const seen = new Set<string | undefined>()
    for (let attempt = 0; [...seen].filter(Boolean).length < 2 && attempt < 100; attempt++) {
      seen.add((await toA('/')).json.host)
      await sleep(20)
    }
    expect([...seen].filter(host => host !== undefined)).toHaveLength(2)
    await dockerOk(['kill', second])
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await toA('/')).status))
    expect(new Set(statuses)).toEqual(new Set([200]))
    await edge.switchTo(release())
    await edge.closeDoor(doubled)
  })

  it('lets an app answer before it has read the whole request', async () => {
    const large = 'x'.repeat(3_000_000)
    const statuses = await Promise.all(
      Array.from({ length: 10 }, () =>
        ask(lab.port, '/early', { host: 'a.test' }, 'POST', large).then(answer => answer.status),
      ),
    )
    expect(new Set(statuses)).toEqual(new Set([413]))
  })

  it('tells at once that an app does not answer', async () => {
    expect((await toA('/drop')).status).toBe(502)
    await dockerOk(['kill', `${await lab.network(project, 'r1')}-web`])
    const began = performance.now()
    expect((await toA('/')).status).toBe(502)
    expect(await edge.probe(release(), 'web', '/', 3000)).toMatchObject({
      kind: 'no-answer',
      why: expect.stringContaining('did not answer'),
    })
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it('refuses a door without its network and leaves nothing behind', async () => {
    const never = aRelease(project, 'r7')
    await expect(edge.openDoor(never, [`${lab.prefix}-none`])).rejects.toMatchObject({ code: 'EDGE_FAILED' })
    expect(await dockerOk(['ps', '--all', '--quiet', '--filter', `name=${project}-r7-door`])).toBe('')
  })

  it('does not take the container of another edge', async () => {
    const foreign = lab.edge(otherProject, { directory: '/tmp' })
    await expect(
      foreign.ensureFront(otherRelease(), aConfig(otherProject, { listen: listen() })),
    ).rejects.toMatchObject({
      code: 'EDGE_FAILED',
      why: expect.stringContaining(lab.directory),
    })
  })
})

function overTls(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      servername: host,
      headers: { host },
      rejectUnauthorized: false,
      agent: false,
    }
    const asked = httpsRequest(options, answer => {
      let text = ''
      answer.on('data', chunk => (text += String(chunk)))
      answer.on('end', () => resolve(text))
    })
    asked.on('error', reject)
    asked.end()
  })
}
