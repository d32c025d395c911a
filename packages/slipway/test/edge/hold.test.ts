import { mkdtemp, readdir, readlink, rm, symlink, writeFile, mkdir } from 'node:fs/promises'
import {
  createServer as createHttpServer,
  request,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { caddyEdge, type CaddyEdge } from '../../src/edge/edge.ts'
import { waitingRoom } from '../../src/edge/hold.ts'
import { edgeLayout } from '../../src/edge/layout.ts'
import { sampleRelease } from './sample.ts'

const release = sampleRelease('shop', [{ name: 'web' }], 'r2')

describe('hold', () => {
  let directory: string
  let edge: CaddyEdge
  let door: Server
  let seen: string[]

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hold-'))
    edge = caddyEdge({ directory, project: 'shop' })
    seen = []
    door = createHttpServer((asked, answer) => {
      let body = ''
      asked.on('data', chunk => (body += String(chunk)))
      asked.on('end', () => {
        seen.push(`${asked.method} ${asked.url} ${body}`)
        answer.end('from r2')
      })
    })
    await mkdir(join(directory, 'doors/shop/r2'), { recursive: true })
    await new Promise<void>(resolve => door.listen(join(directory, 'doors/shop/r2/web.sock'), resolve))
  })

  afterEach(async () => {
    await edge.close(0)
    await new Promise(resolve => door.close(resolve))
    await rm(directory, { recursive: true, force: true })
  })

  /** As the front does: through the link, a connection for each request. */
  function ask(path: string, body = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const socketPath = join(directory, 'doors/shop/live/web.sock')
      const method = body === '' ? 'GET' : 'POST'
      const asked = request({ socketPath, path, method, agent: false }, answer => {
        let text = ''
        answer.on('data', chunk => (text += String(chunk)))
        answer.on('end', () => resolve(`${answer.statusCode} ${text}`))
      })
      asked.on('error', reject)
      asked.end(body)
    })
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let attempt = 0; !condition() && attempt < 500; attempt++) await new Promise(resolve => setTimeout(resolve, 5))
    expect(condition()).toBe(true)
  }

  it('keeps requests waiting unread, and hands them over whole', async () => {
    await edge.hold(['web'])
    expect(await edge.live()).toBe('held')
    const answers = Array.from({ length: 200 }, (_, number) =>
      ask(`/${number}`, number % 2 === 0 ? '' : `body ${number}`),
    )
    await until(() => edge.waiting() === 200)
    expect(seen).toEqual([])
    await edge.letGo(release)
    expect(await edge.live()).toBe('r2')
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['200 from r2']))
    expect(seen).toHaveLength(200)
    expect(seen).toContain('POST /7 body 7')
    expect(edge.waiting()).toBe(0)
    expect(await ask('/after')).toBe('200 from r2')
  })

  it('does not let the app do what nobody waits for any more', async () => {
    await edge.hold(['web'])
    const gone = connect(join(directory, 'doors/shop/live/web.sock'))
    gone.write('POST /gone HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
    const stays = ask('/stays')
    await until(() => edge.waiting() === 2)
    gone.destroy()
    await new Promise(resolve => setTimeout(resolve, 50))
    await edge.letGo(release)
    expect(await stays).toBe('200 from r2')
    expect(seen).toEqual(['GET /stays '])
  })

  it('is not stopped by connections that say nothing', async () => {
    await edge.hold(['web'])
    const silent = Array.from({ length: 200 }, () => connect(join(directory, 'doors/shop/live/web.sock')))
    await until(() => edge.waiting() === 200)
    const answer = ask('/')
    await until(() => edge.waiting() === 201)
    await edge.letGo(release)
    expect(await answer).toBe('200 from r2')
    for (const socket of silent) socket.destroy()
  })

  it('replaces the sockets of a process that died in a hold', async () => {
    const left = join(directory, 'doors/shop/hold')
    await mkdir(left, { recursive: true })
    await writeFile(join(left, 'web.sock'), '')
    await writeFile(join(left, 'web.new'), '')
    await symlink('hold', join(directory, 'doors/shop/live'))
    await edge.hold(['web'])
    await edge.hold(['web'])
    const answer = ask('/')
    await until(() => edge.waiting() === 1)
    await edge.letGo(release)
    expect(await answer).toBe('200 from r2')
  })

  it('holds again right after letting go', async () => {
    await edge.hold(['web'])
    await edge.letGo(release)
    await edge.hold(['web'])
    const answer = ask('/')
    await until(() => edge.waiting() === 1)
    await new Promise(resolve => setTimeout(resolve, 1200))
    expect(edge.waiting()).toBe(1)
    await edge.letGo(release)
    expect(await answer).toBe('200 from r2')
  })

  it('relays who found the old link at the last moment', async () => {
    await edge.hold(['web'])
    await edge.letGo(release)
    const late = await new Promise<string>((resolve, reject) => {
      request({ socketPath: join(directory, 'doors/shop/hold/web.sock'), agent: false }, answer => {
        answer.on('data', chunk => resolve(String(chunk)))
      })
        .on('error', reject)
        .end()
    })
    expect(late).toBe('from r2')
  })

  it('leaves no sockets behind', async () => {
    await edge.hold(['web'])
    expect((await readdir(join(directory, 'doors/shop/hold'))).sort()).toEqual(['_held', 'web.sock'])
    await edge.letGo(release)
    await edge.close(100)
    expect(await readdir(join(directory, 'doors/shop/hold'))).toEqual([])
  })

  it('lets go without a hold, as after a death in one', async () => {
    await symlink('hold', join(directory, 'doors/shop/live'))
    await edge.letGo(release)
    expect(await readlink(join(directory, 'doors/shop/live'))).toBe('r2')
  })

  it('answers 503 when the door it should hand over to is not there', async () => {
    const missing = sampleRelease('shop', [{ name: 'web' }], 'r9')
    await edge.hold(['web'])
    const answer = ask('/')
    await until(() => edge.waiting() === 1)
    await edge.letGo(missing)
    expect(await answer).toMatch(/^503 /)
  })

  it('lets no more wait than the front has memory for', async () => {
    const room = waitingRoom(edgeLayout(directory), 'shop', {
      waiting: 20,
      underWay: 1000,
      moreThen: 1,
      patienceMs: 1000,
    })
    edge = caddyEdge({ directory, project: 'shop', room })
    await edge.hold(['web'])
    const answers = Array.from({ length: 30 }, (_, number) => ask(`/${number}`, 'x'.repeat(100_000)))
    const refused = await Promise.all((await firstOf(answers, 10)).map(index => answers[index] ?? Promise.resolve('')))
    expect(new Set(refused)).toEqual(new Set(['503 Please try again\n']))
    expect(edge.waiting()).toBe(20)
    await edge.letGo(release)
    expect((await Promise.all(answers)).filter(answer => answer === '200 from r2')).toHaveLength(20)
  })

  /** How many at a time go to a door, and for how long one of them is waited for. */
  function edgeWith(underWay: number, patienceMs: number): CaddyEdge {
    const bounds = { waiting: 1000, underWay, moreThen: 10, patienceMs }
    return caddyEdge({ directory, project: 'shop', room: waitingRoom(edgeLayout(directory), 'shop', bounds) })
  }

  it('hands over only as many at a time as the door has memory for', async () => {
    edge = edgeWith(10, 60_000)
    let most = 0
    let open = 0
    const slow = await doorOf('r4', (_asked, answer) => {
      most = Math.max(most, ++open)
      setTimeout(() => answer.end(String(open--)), 30)
    })
    await edge.hold(['web'])
    const answers = Array.from({ length: 60 }, (_, number) => ask(`/${number}`))
    await until(() => edge.waiting() === 60)
    await edge.letGo(sampleRelease('shop', [{ name: 'web' }], 'r4'))
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^200 /)
    expect(most).toBe(10)
    slow.close()
  })

  it('waits for none too long before it hands over more', async () => {
    edge = edgeWith(10, 300)
    let open = 0
    const never = await doorOf('r5', () => (open += 1))
    await edge.hold(['web'])
    for (let number = 0; number < 30; number++) void ask(`/${number}`).catch(() => undefined)
    await until(() => edge.waiting() === 30)
    await edge.letGo(sampleRelease('shop', [{ name: 'web' }], 'r5'))
    await until(() => open === 30)
    never.close()
    never.closeAllConnections()
  })

  /** Another door, of an app that answers as it likes. */
  async function doorOf(id: string, answers: RequestListener): Promise<Server> {
    const other = createHttpServer(answers)
    await mkdir(join(directory, 'doors/shop', id), { recursive: true })
    await new Promise<void>(resolve => other.listen(join(directory, 'doors/shop', id, 'web.sock'), resolve))
    return other
  }

  it('does not overrun an app that does one thing after the other', async () => {
    let most = 0
    const todo: ServerResponse[] = []
    const busy = setInterval(() => todo.shift()?.end('done'), 5)
    const slow = await doorOf('r4', (_asked, answer) => (most = Math.max(most, todo.push(answer))))
    await edge.hold(['web'])
    const answers = Array.from({ length: 300 }, (_, number) => ask(`/${number}`, 'x'))
    await until(() => edge.waiting() === 300)
    await edge.letGo(sampleRelease('shop', [{ name: 'web' }], 'r4'))
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['200 done']))
    expect(most).toBeLessThan(100)
    clearInterval(busy)
    slow.close()
  })

  it('who is not yet handed over goes on to the release that serves by then, or waits for it', async () => {
    const hung = await doorOf('r5', () => undefined)
    await edge.hold(['web'])
    const answers = Array.from({ length: 100 }, (_, number) => ask(`/${number}`).catch(() => 'cut off'))
    await until(() => edge.waiting() === 100)
    await edge.letGo(sampleRelease('shop', [{ name: 'web' }], 'r5'))
    const left = edge.waiting()
    expect(left).toBeGreaterThan(0)
    await edge.hold(['web'])
    await new Promise(resolve => setTimeout(resolve, 1500))
    expect(edge.waiting()).toBe(left)
    await edge.letGo(release)
    await until(() => seen.length === left)
    hung.closeAllConnections()
    hung.close()
    expect((await Promise.all(answers)).filter(answer => answer === '200 from r2')).toHaveLength(left)
  })

  it('goes on to the next hold, kept by somebody else, and takes nothing of it away', async () => {
    let asked = 0
    const hung = await doorOf('r5', () => (asked += 1))
    await edge.hold(['web'])
    const answers = Array.from({ length: 60 }, (_, number) => ask(`/${number}`).catch(() => 'cut off'))
    await until(() => edge.waiting() === 60)
    const handing = edge.letGo(sampleRelease('shop', [{ name: 'web' }], 'r5'))
    await until(() => edge.waiting() < 60)
    const next = caddyEdge({ directory, project: 'shop' })
    await next.hold(['web'])
    await handing
    const left = 60 - asked
    await until(() => edge.waiting() === 0 && next.waiting() === left)
    expect(left).toBeGreaterThan(0)
    // The first keeper has closed its own by now.
    await new Promise(resolve => setTimeout(resolve, 300))
    expect((await readdir(join(directory, 'doors/shop/hold'))).sort()).toEqual(['_held', 'web.sock'])
    await next.letGo(release)
    await until(() => seen.length === left)
    hung.closeAllConnections()
    hung.close()
    expect((await Promise.all(answers)).filter(answer => answer === '200 from r2')).toHaveLength(left)
    await next.close(0)
  })

  /** Which of them are answered first. */
  async function firstOf(answers: Promise<string>[], count: number): Promise<number[]> {
    const done: number[] = []
    answers.forEach((answer, index) => void answer.then(() => done.push(index)))
    await until(() => done.length >= count)
    return done.slice(0, count)
  }

  it('passes half-closed connections and raw bytes on in both directions', async () => {
    const echo = createServer({ allowHalfOpen: true }, socket => {
      const chunks: Buffer[] = []
      socket.on('data', chunk => chunks.push(chunk))
      socket.on('end', () => socket.end(Buffer.concat(chunks)))
    })
    await mkdir(join(directory, 'doors/shop/r3'), { recursive: true })
    await new Promise<void>(resolve => echo.listen(join(directory, 'doors/shop/r3/web.sock'), resolve))
    await edge.hold(['web'])
    const socket = connect({ path: join(directory, 'doors/shop/live/web.sock'), allowHalfOpen: true })
    socket.write('begun')
    await until(() => edge.waiting() === 1)
    const handed = edge.letGo(sampleRelease('shop', [{ name: 'web' }], 'r3'))
    const got: Buffer[] = []
    socket.on('data', (chunk: Buffer) => got.push(chunk))
    const ended = new Promise(resolve => socket.once('end', resolve))
    await handed
    const large = Buffer.alloc(3_000_000, 'y')
    socket.end(large)
    await ended
    expect(Buffer.concat(got).equals(Buffer.concat([Buffer.from('begun'), large]))).toBe(true)
    await new Promise(resolve => echo.close(resolve))
  })
})

describe('the link', () => {
  it('is the state, and a foreign or missing one says nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'link-'))
    const edge = caddyEdge({ directory, project: 'shop' })
    expect(await edge.live()).toBeUndefined()
    await edge.switchTo(release)
    expect(await edge.live()).toBe('r2')
    await edge.switchTo(sampleRelease('shop', [], 'r3'))
    expect(await edge.live()).toBe('r3')
    expect(await readdir(join(directory, 'doors/shop'))).toEqual(['live'])
    await rm(join(directory, 'doors/shop/live'))
    await symlink('../../etc', join(directory, 'doors/shop/live'))
    expect(await edge.live()).toBeUndefined()
    await rm(directory, { recursive: true })
  })

  it('refuses releases of other projects', async () => {
    const edge = caddyEdge({ directory: '/nowhere', project: 'shop' })
    await expect(edge.switchTo(sampleRelease('other', [], 'r1'))).rejects.toMatchObject({ code: 'BUG' })
  })
})
