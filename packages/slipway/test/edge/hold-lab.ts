import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, request, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import type { ReleaseId } from '../../src/release/model.ts'
import { caddyEdge, type CaddyEdge } from '../../src/edge/edge.ts'
import { sampleRelease } from './sample.ts'

/** For the tests of a file: an edge of its own before each, and the door of r2, which answers at once. */
export class HoldLab {
  directory = ''
  /** What r2 was asked. */
  seen: string[] = []
  #edge: CaddyEdge | undefined
  #doors: Server[] = []

  constructor() {
    beforeEach(async () => {
      this.directory = await mkdtemp(join(tmpdir(), 'hold-'))
      this.edge = caddyEdge({ directory: this.directory, project: 'shop' })
      this.seen = []
      await this.doorOf('r2', (asked, answer) => {
        let body = ''
        asked.on('data', chunk => (body += String(chunk)))
        asked.on('end', () => {
          this.seen.push(`${asked.method} ${asked.url} ${body}`)
          answer.end('from r2')
        })
      })
    })
    afterEach(async () => {
      await this.edge.close(0)
      for (const door of this.#doors.splice(0)) {
        door.closeAllConnections()
        await new Promise(resolve => door.close(resolve))
      }
      await rm(this.directory, { recursive: true, force: true })
    })
  }

  get edge(): CaddyEdge {
    if (this.#edge === undefined) throw new Error('It is made before each test')
    return this.#edge
  }

  set edge(edge: CaddyEdge) {
    this.#edge = edge
  }

  async doorOf(id: string, answers: RequestListener): Promise<void> {
    const door = createHttpServer(answers)
    this.#doors.push(door)
    await mkdir(join(this.directory, 'doors/shop', id), { recursive: true })
    await new Promise<void>(resolve => door.listen(join(this.directory, 'doors/shop', id, 'web.sock'), resolve))
  }

  letGo(id: ReleaseId): Promise<void> {
    return this.edge.letGo(sampleRelease('shop', [{ name: 'web' }], id))
  }

  /** As the front does: through the link, a connection for each request. */
  ask(path: string, body = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const socketPath = join(this.directory, 'doors/shop/live/web.sock')
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

  /** Asks so many times, and waits until all of them wait. */
  async asked(count: number, body = ''): Promise<Promise<string>[]> {
    const answers = Array.from({ length: count }, (_, number) => this.ask(`/${number}`, body).catch(() => 'cut off'))
    await until(() => this.edge.waiting() === count)
    return answers
  }
}

export async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; !condition() && attempt < 500; attempt++) await new Promise(resolve => setTimeout(resolve, 5))
  expect(condition()).toBe(true)
}
