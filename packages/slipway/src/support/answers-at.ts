import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks a program at a TCP port something, and waits for the first bytes of its answer. Tried again until the time is up;
 * undefined: it answers. Otherwise why it does not.
 */
export async function whySilent(address: Endpoint, { says, expects, withinMs }: Question): Promise<string | undefined> {
  const endsAt = performance.now() + withinMs
  for (;;) {
    const why = await ask(address, says, expects, Math.min(attemptMs, Math.max(1, endsAt - performance.now())))
    // Another one must have the time to find out more than that its time is up.
    if (why === undefined || why === somethingElse || performance.now() + 2 * pauseMs >= endsAt) return why
    await sleep(pauseMs)
  }
}

export interface Endpoint {
  host: string
  port: number
}

interface Question {
  says: Uint8Array
  expects: RegExp
  withinMs: number
}

/** Nothing that is only coming up. */
const somethingElse = 'something else answers there'
const attemptMs = 5000
const pauseMs = 200

function ask(
  { host, port }: Endpoint,
  says: Uint8Array,
  expects: RegExp,
  limitMs: number,
): Promise<string | undefined> {
  return new Promise(resolve => {
    let isConnected = false
    const socket = connect({ host, port })
    const finish = (why: string | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(why)
    }
    const timer = setTimeout(
      () => finish(isConnected ? 'something accepts there, and says nothing' : 'nothing answers there'),
      limitMs,
    )
    socket.on('connect', () => {
      isConnected = true
      if (says.length > 0) socket.write(says)
    })
    socket.on('data', data => finish(expects.test(data.toString('latin1')) ? undefined : somethingElse))
    socket.on('error', error => finish(error.message))
    socket.on('close', () => finish('the connection is closed at once'))
  })
}
