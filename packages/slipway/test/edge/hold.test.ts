import { mkdtemp, readdir, readlink, rm, symlink, writeFile, mkdir } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { caddyEdge } from '../../src/edge/edge.ts'
import { waitingRoom } from '../../src/edge/hold.ts'
import { edgeLayout } from '../../src/edge/layout.ts'
import { HoldLab, until } from './hold-lab.ts'
import { sampleRelease } from './sample.ts'

const release = sampleRelease('shop', [{ name: 'web' }], 'r2')

describe('hold', () => {
  const lab = new HoldLab()

  it('keeps requests waiting unread, and hands them over whole', async () => {
    await lab.edge.hold(['web'])
    expect(await lab.edge.live()).toBe('held')
    const answers = Array.from({ length: 200 }, (_, number) =>
      lab.ask(`/${number}`, number % 2 === 0 ? '' : `body ${number}`),
    )
    await until(() => lab.edge.waiting() === 200)
    expect(lab.seen).toEqual([])
    await lab.edge.letGo(release)
    expect(await lab.edge.live()).toBe('r2')
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['200 from r2']))
    expect(lab.seen).toHaveLength(200)
    expect(lab.seen).toContain('POST /7 body 7')
    expect(lab.edge.waiting()).toBe(0)
    expect(await lab.ask('/after')).toBe('200 from r2')
  })

  it('does not let the app do what nobody waits for any more', async () => {
    await lab.edge.hold(['web'])
    const gone = connect(join(lab.directory, 'doors/shop/live/web.sock'))
    gone.write('POST /gone HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
    const stays = lab.ask('/stays')
    await until(() => lab.edge.waiting() === 2)
    gone.destroy()
    await new Promise(resolve => setTimeout(resolve, 50))
    await lab.edge.letGo(release)
    expect(await stays).toBe('200 from r2')
    expect(lab.seen).toEqual(['GET /stays '])
  })

  it('is not stopped by connections that say nothing', async () => {
    await lab.edge.hold(['web'])
    const silent = Array.from({ length: 200 }, () => connect(join(lab.directory, 'doors/shop/live/web.sock')))
    await until(() => lab.edge.waiting() === 200)
    const answer = lab.ask('/')
    await until(() => lab.edge.waiting() === 201)
    await lab.edge.letGo(release)
    expect(await answer).toBe('200 from r2')
    for (const socket of silent) socket.destroy()
  })

  it('replaces the sockets of a process that died in a hold', async () => {
    const left = join(lab.directory, 'doors/shop/hold')
    await mkdir(left, { recursive: true })
    await writeFile(join(left, 'web.sock'), '')
    await writeFile(join(left, 'web.new'), '')
    await symlink('hold', join(lab.directory, 'doors/shop/live'))
    await lab.edge.hold(['web'])
    await lab.edge.hold(['web'])
    const answer = lab.ask('/')
    await until(() => lab.edge.waiting() === 1)
    await lab.edge.letGo(release)
    expect(await answer).toBe('200 from r2')
  })

  it('holds again right after letting go', async () => {
    await lab.edge.hold(['web'])
    await lab.edge.letGo(release)
    await lab.edge.hold(['web'])
    const answer = lab.ask('/')
    await until(() => lab.edge.waiting() === 1)
    await new Promise(resolve => setTimeout(resolve, 1200))
    expect(lab.edge.waiting()).toBe(1)
    await lab.edge.letGo(release)
    expect(await answer).toBe('200 from r2')
  })

  it('relays who found the old link at the last moment', async () => {
    await lab.edge.hold(['web'])
    await lab.edge.letGo(release)
    const late = await new Promise<string>((resolve, reject) => {
      request({ socketPath: join(lab.directory, 'doors/shop/hold/web.sock'), agent: false }, answer => {
        answer.on('data', chunk => resolve(String(chunk)))
      })
        .on('error', reject)
        .end()
    })
    expect(late).toBe('from r2')
  })

  it('leaves no sockets behind', async () => {
    await lab.edge.hold(['web'])
    expect((await readdir(join(lab.directory, 'doors/shop/hold'))).sort()).toEqual(['_held', 'web.sock'])
    await lab.edge.letGo(release)
    await lab.edge.close(100)
    expect(await readdir(join(lab.directory, 'doors/shop/hold'))).toEqual([])
  })

  it('lets go without a hold, as after a death in one', async () => {
    await symlink('hold', join(lab.directory, 'doors/shop/live'))
    await lab.edge.letGo(release)
    expect(await readlink(join(lab.directory, 'doors/shop/live'))).toBe('r2')
  })

  it('answers 503 when the door it should hand over to is not there', async () => {
    const missing = sampleRelease('shop', [{ name: 'web' }], 'r9')
    await lab.edge.hold(['web'])
    const answer = lab.ask('/')
    await until(() => lab.edge.waiting() === 1)
    await lab.edge.letGo(missing)
    expect(await answer).toMatch(/^503 /)
  })

  it('lets no more wait than the front has memory for', async () => {
    const room = waitingRoom(edgeLayout(lab.directory), 'shop', {
      waiting: 20,
      underWay: 1000,
      moreThen: 1,
      patienceMs: 1000,
    })
    lab.edge = caddyEdge({ directory: lab.directory, project: 'shop', room })
    await lab.edge.hold(['web'])
    const answers = Array.from({ length: 30 }, (_, number) => lab.ask(`/${number}`, 'x'.repeat(100_000)))
    const refused = await Promise.all((await firstOf(answers, 10)).map(index => answers[index] ?? Promise.resolve('')))
    expect(new Set(refused)).toEqual(new Set(['503 Please try again\n']))
    expect(lab.edge.waiting()).toBe(20)
    await lab.edge.letGo(release)
    expect((await Promise.all(answers)).filter(answer => answer === '200 from r2')).toHaveLength(20)
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
    await mkdir(join(lab.directory, 'doors/shop/r3'), { recursive: true })
    await new Promise<void>(resolve => echo.listen(join(lab.directory, 'doors/shop/r3/web.sock'), resolve))
    await lab.edge.hold(['web'])
    const socket = connect({ path: join(lab.directory, 'doors/shop/live/web.sock'), allowHalfOpen: true })
    socket.write('begun')
    await until(() => lab.edge.waiting() === 1)
    const handed = lab.edge.letGo(sampleRelease('shop', [{ name: 'web' }], 'r3'))
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
