import { setTimeout as sleep } from 'node:timers/promises'
import { connect, createServer, type Socket } from 'node:net'

/** The engine behind a socket of our own: it can hang, or be gone, for a while without hurting anybody else's containers. */
export async function engineBetween(path: string): Promise<EngineBetween> {
  const real = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '')
  const open = new Set<{ client: Socket; engine: Socket }>()
  let hangs = false

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, client => {
    const engine = connect({ path: real, allowHalfOpen: true })
    const pair = { client, engine }
    open.add(pair)
    for (const each of [client, engine]) each.on('error', () => each.destroy())
    client.on('close', () => {
      engine.destroy()
      open.delete(pair)
    })
    engine.on('close', () => client.destroy())
    if (!hangs) flow(pair)
  })
  const listen = () => new Promise<void>(resolve => server.listen(path, resolve))
  await listen()
  let away: Promise<void> = Promise.resolve()
  const leave = () => {
    server.close()
    for (const { client, engine } of open) {
      client.destroy()
      engine.destroy()
    }
  }

  return {
    path,
    interrupt(milliseconds) {
      leave()
      away = sleep(milliseconds).then(listen)
    },
    back: () => away,
    hang() {
      hangs = true
      for (const { client, engine } of open) {
        client.unpipe(engine)
        engine.unpipe(client)
        client.pause()
        engine.pause()
      }
    },
    goOn() {
      hangs = false
      for (const pair of open) flow(pair)
    },
    async close() {
      await away
      leave()
    },
  }
}

export interface EngineBetween {
  path: string
  /** As with `kill -STOP` of the daemon: connections are taken, and nobody answers. */
  hang(): void
  goOn(): void
  /** As with a daemon that is started anew: nobody listens for so long, and what was under way is cut. */
  interrupt(milliseconds: number): void
  back(): Promise<void>
  close(): Promise<void>
}

function flow({ client, engine }: { client: Socket; engine: Socket }): void {
  client.pipe(engine)
  engine.pipe(client)
}
