import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaddyEdge } from '../../../packages/slipway/src/edge/edge.ts'
import { edgeLayout } from '../../../packages/slipway/src/edge/layout.ts'
import { pointLive } from '../../../packages/slipway/src/edge/link.ts'
import { aConfig, aRelease, ask, dockerOk, edgeLab, load, type EdgeLab } from './lab.ts'
import { thorough } from '../sample.ts'
import { goingAway, openWebSocket } from './websocket.ts'

/** Two releases side by side, and the link between them moved under load. */
describe('switching and holding on real Docker', () => {
  let lab: EdgeLab
  let edge: CaddyEdge
  let project: string

  beforeAll(async () => {
    lab = await edgeLab()
    project = `${lab.prefix}-a`
    edge = lab.edge(project)
    const config = aConfig(project, { listen: { host: '127.0.0.1', port: lab.port } })
    await Promise.all(
      [one(), two()].map(async release => {
        const network = await lab.network(project, release.id)
        await Promise.all([lab.startApp(project, release.id), edge.openDoor(release, [network])])
      }),
    )
    await edge.ensureFront(one(), config)
    for (const release of [one(), two()]) {
      while ((await edge.probe(release, 'web', '/', 2000)).kind !== 'answered') await sleep(20)
    }
    await edge.switchTo(one())
  })

  afterAll(async () => lab.end())

  const one = () => aRelease(project, 'r1')
  const two = () => aRelease(project, 'r2')
  const nothing = { requests: 0, webSockets: 0, eventStreams: 0 }

  it('fails no request through switches and holds', async () => {
    const loading = load(lab.port, 600, 10)
    const switches: number[] = []
    const handedOver: number[] = []
    await sleep(1000)
    for (const release of [two(), one(), two(), one(), two(), one(), two(), one()]) {
      const began = performance.now()
      await edge.switchTo(release)
      switches.push(performance.now() - began)
      await sleep(300)
    }
    for (const release of [two(), one()]) {
      await edge.hold(['web'])
      await sleep(1500)
      expect(edge.waiting()).toBeGreaterThan(100)
      const letGoAt = performance.now()
      await edge.letGo(release)
      while (edge.waiting() > 0) await sleep(5)
      handedOver.push(Math.round(performance.now() - letGoAt))
      await sleep(500)
    }
    const result = await loading
    const median = switches.sort((a, b) => a - b)[4] ?? 0
    console.log(
      `load ${JSON.stringify(result)}; switch ${median.toFixed(2)} ms; handed over in ${handedOver.join(' and ')} ms`,
    )
    if (result.ok !== result.sent)
      console.log(await logs(lab.edgeName), await logs(`${project}-r1-door`), await logs(`${project}-r2-door`))
    expect(result.failed).toEqual({})
    expect(result.ok).toBe(6000)
    expect(Object.keys(result.releases).sort()).toEqual(['r1', 'r2'])
  })

  it.runIf(thorough)(
    'gives no app more at once than it takes: 1,500 that waited, and one that is busy with each',
    async () => {
      await edge.hold(['web'])
      const asked = Array.from({ length: 1500 }, () => ask(lab.port, '/work?ms=12', {}, 'POST', 'a body'))
      const answers = Promise.all(asked.map(each => each.then(({ status }) => status)))
      while (edge.waiting() < 1500) await sleep(20)
      const began = performance.now()
      await edge.letGo(two())
      const failed = (await answers).filter(status => status !== 200)
      console.log(`1,500 requests answered in ${Math.round(performance.now() - began)} ms`)
      expect(failed).toEqual([])
    },
  )

  it('leaves what is under way with its release, and counts it', async () => {
    await edge.switchTo(one())
    expect(await edge.inFlight(one())).toEqual(nothing)
    const slow = ask(lab.port, '/slow?ms=2500', {}, 'POST', 'a body')
    const stream = ask(lab.port, '/stream?ms=2500', { accept: 'text/event-stream' })
    const socket = await openWebSocket(lab.port)
    expect(await socket.echo('before')).toBe('r1:before')
    expect(await edge.inFlight(one())).toEqual({ requests: 1, webSockets: 1, eventStreams: 1 })
    await edge.switchTo(two())
    expect((await ask(lab.port, '/')).json.release).toBe('r2')
    expect(await socket.echo('after')).toBe('r1:after')
    expect(await edge.inFlight(one())).toEqual({ requests: 1, webSockets: 1, eventStreams: 1 })
    expect((await slow).json).toMatchObject({ release: 'r1', bytes: 6 })
    expect((await stream).text).toMatch(/r1 end\n$/)
    expect(await edge.inFlight(one())).toEqual({ requests: 0, webSockets: 1, eventStreams: 0 })
    const began = performance.now()
    await edge.closeDoor(one())
    expect(await socket.closed).toEqual(goingAway)
    console.log(`closing a door ${Math.round(performance.now() - began)} ms`)
    expect(await edge.inFlight(one())).toEqual(nothing)
    await edge.closeDoor(one())
    expect((await ask(lab.port, '/')).json.release).toBe('r2')
  })

  it('ends WebSockets alone with a close frame, and lets all else go on through the same door', async () => {
    const slow = ask(lab.port, '/slow?ms=4000', {}, 'POST', 'a body')
    const stream = ask(lab.port, '/stream?ms=4000', { accept: 'text/event-stream' })
    const sockets = await Promise.all([openWebSocket(lab.port), openWebSocket(lab.port)])
    for (const socket of sockets) expect(await socket.echo('before')).toBe('r2:before')
    const began = performance.now()
    await edge.closeWebSockets(two())
    for (const socket of sockets) expect(await socket.closed).toEqual(goingAway)
    console.log(`closing WebSockets ${Math.round(performance.now() - began)} ms`)
    const again = await openWebSocket(lab.port)
    expect(await again.echo('again')).toBe('r2:again')
    expect((await ask(lab.port, '/')).json.release).toBe('r2')
    expect((await slow).json).toMatchObject({ release: 'r2', bytes: 6 })
    expect((await stream).text).toMatch(/r2 end\n$/)
    again.end()
  })

  it('holds WebSockets and streams, too, and relays them', async () => {
    await edge.hold(['web'])
    const opening = openWebSocket(lab.port)
    const streaming = ask(lab.port, '/stream?ms=300')
    while (edge.waiting() < 2) await sleep(5)
    await edge.letGo(two())
    const socket = await opening
    expect(await socket.echo('held')).toBe('r2:held')
    expect((await streaming).text).toMatch(/r2 end\n$/)
    socket.end()
  })

  it('where a hold was ended, and nobody let go: 503 to what has a body, the rest waits until the next process lets go', async () => {
    const dies = lab.edge(project)
    await dies.hold(['web'])
    await dies.close(0)
    const refused = await ask(lab.port, '/', {}, 'POST', 'body')
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    const waiting = ask(lab.port, '/')
    await sleep(1500)
    expect(await edge.live()).toBe('held')
    await edge.letGo(two())
    expect((await waiting).json.release).toBe('r2')
    expect((await ask(lab.port, '/')).json.release).toBe('r2')
  })

  it('a keeper that is killed takes only those with a body along that it kept: all others wait for the next', async () => {
    const keeper = await killable(project)
    const kept = ['GET', 'POST', 'GET', 'POST'].map(method => ask(lab.port, '/', {}, method, bodyOf(method)))
    await sleep(500)
    keeper.kill('SIGKILL')
    await sleep(300)
    const later = Array.from({ length: 40 }, (_, index) => {
      const method = ['GET', 'POST', 'PUT', 'DELETE'][index % 4] ?? 'GET'
      return sleep(index * 40).then(() => ask(lab.port, '/', {}, method, bodyOf(method)))
    })
    await sleep(2500)
    await edge.letGo(two())
    expect((await Promise.all(kept)).map(({ status }) => status)).toEqual([200, 502, 200, 502])
    const answers = await Promise.all(later)
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200))
    expect(new Set(answers.map(({ json }) => json.bytes))).toEqual(new Set([0, 5000]))
    expect((await ask(lab.port, '/', {}, 'POST', 'at rest')).json).toMatchObject({ release: 'r2', bytes: 7 })
  })

  const bodyOf = (method: string): string => (method === 'POST' || method === 'PUT' ? 'x'.repeat(5000) : '')

  /** Keeps requests as a deployment does, in a process of its own. */
  async function killable(of: string): Promise<ChildProcess> {
    const { directory, held, socket } = edgeLayout(lab.directory).door(of, 'hold')
    await mkdir(directory, { recursive: true })
    const program = `require('node:net').createServer({ pauseOnConnect: true }, () => {}).listen(process.argv[1], () => console.log('listens'))`
    const child = spawn(process.execPath, ['-e', program, socket('web')], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await chmod(socket('web'), 0o777)
    await writeFile(held, '')
    await pointLive(edgeLayout(lab.directory), of, 'hold')
    return child
  }

  it('opens a door quickly, and leaves one alone that is open', async () => {
    const network = await lab.network(project, 'r1')
    const took: number[] = []
    for (const release of [one(), one()]) {
      const began = performance.now()
      await edge.openDoor(release, [network])
      took.push(Math.round(performance.now() - began))
    }
    console.log(`opening a door ${took.join(' ms, again ')} ms`)
    const started = await dockerOk(['inspect', '--format', '{{.State.StartedAt}}', `${project}-r1-door`])
    await edge.openDoor(one(), [network])
    expect(await dockerOk(['inspect', '--format', '{{.State.StartedAt}}', `${project}-r1-door`])).toBe(started)
    expect(await edge.probe(one(), 'web', '/', 2000)).toMatchObject({ kind: 'answered', status: 200 })
  })

  async function logs(name: string): Promise<string> {
    return dockerOk(['logs', '--tail', '20', name])
  }
})
