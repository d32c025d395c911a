import { connect, createServer, type Socket } from 'node:net'
import { exitCodes } from '../support/errors.ts'

/**
 * One end of a release's way to the database: takes connections on a port and passes each on, byte for byte in both
 * directions. It knows nothing of what passes.
 */
export function passOn(argv: readonly string[]): void {
  const [, listen, host, port, ...more] = argv
  if (!isPort(listen) || host === undefined || !isPort(port) || more.length > 0) {
    process.stderr.write('This command is for slipway itself.\n')
    process.exit(exitCodes.usage)
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, near =>
    join(near, connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true, keepAlive: true })),
  )
  server.on('error', error => {
    process.stderr.write(`${error.message}\n`)
    process.exit(exitCodes.failedNothingChanged)
  })
  server.listen(Number(listen))
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(exitCodes.ok))
}

/** Exported for tests. */
export function join(near: Socket, far: Socket): void {
  far.setTimeout(dialMs, () => far.destroy())
  far.once('connect', () => far.setTimeout(0))
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy())
    // What was said before it ended is still said; the other direction may go on.
    one.pipe(other)
    one.on('close', () => other.destroySoon())
  }
}

const dialMs = 10_000

function isPort(word: string | undefined): word is string {
  return word !== undefined && /^[1-9]\d{0,4}$/.test(word) && Number(word) < 65_536
}
