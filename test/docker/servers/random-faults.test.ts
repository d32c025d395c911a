import { afterAll, beforeAll, expect, test } from 'vitest'
import { setUpServer, type SetUpReport } from '../../../packages/slipway/src/servers/setup/setup.ts'
import type { Connection } from '../../../packages/slipway/src/servers/ssh/connection.ts'
import { TestServer, wishes, within } from './lab.ts'

// Set-ups of a server that somebody has meddled with, each of which dies or is mangled at a random place.
// SLIPWAY_LOCK_OUTS=50 SLIPWAY_SEED=7 npx vitest run --project containers test/docker/servers/random-faults.test.ts
const rounds = Number(process.env['SLIPWAY_LOCK_OUTS'] ?? 0)
const seed = Number(process.env['SLIPWAY_SEED'] ?? 20_261_121)
const guardSeconds = 15

let server: TestServer

beforeAll(async () => {
  if (rounds === 0) return
  server = await TestServer.start({ docker: true })
  const connection = await server.logIn('root')
  await setUp(connection, 120)
  await connection.close()
})
afterAll(() => server?.stop())

const meddling: readonly string[] = [
  'rm -f /etc/ssh/sshd_config.d/00-slipway.conf; systemctl reload ssh',
  "ufw --force delete allow 443/udp; sed -i '/BEGIN slipway/,/END slipway/d' /etc/ufw/after.rules; iptables -F DOCKER-USER",
  'ufw --force disable',
  'rm -f /etc/fail2ban/jail.d/zz-slipway.local; systemctl restart fail2ban',
  'rm -f /etc/sudoers.d/90-slipway; echo "deploy ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/other; chmod 640 /home/deploy/.ssh/authorized_keys',
]

test.runIf(rounds > 0).each(Array.from({ length: Math.max(1, rounds) }, (_, index) => seed + index))(
  'seed %i: whatever dies, one gets in again, and a set-up after that succeeds',
  async each => {
    const random = generator(each)
    for (const line of meddling) if (random() < 0.5) await server.inside(`( ${line} ) >/dev/null 2>&1 || true`)
    const connection = await server.logIn()
    const at = 1 + Math.floor(random() * 18)
    await setUp(faulty(connection, at, random), guardSeconds).catch(() => undefined)
    await connection.close()

    const getsIn = (): Promise<boolean> => server.proveLogin().then(Boolean.bind(null, true), () => false)
    expect(await within((guardSeconds + 15) * 1000, getsIn)).toBe(true)
    // The clock may still run: whoever comes next must not be thrown out by it, nor undone later.
    const again = await server.logIn()
    const { findings } = await setUp(again, 120)
    await again.close()
    expect(await server.inside('systemctl is-active slipway-revert.timer || true')).not.toBe('active')
    expect(findings.filter(({ state }) => state === 'pending')).toEqual([])
    expect(await getsIn()).toBe(true)
  },
)

function setUp(connection: Connection, seconds: number): Promise<SetUpReport> {
  return setUpServer(connection, wishes, {
    proveLogin: () => server.proveLogin(),
    guardSeconds: seconds,
    note: () => undefined,
  })
}

/** At one call: we die before it, we die after it, or the script stops or is mangled at a random line. */
function faulty(connection: Connection, at: number, random: () => number): Connection {
  let calls = 0
  const run: Connection['run'] = async (argv, options = {}) => {
    calls += 1
    if (calls !== at) return connection.run(argv, options)
    const kind = Math.floor(random() * 3)
    if (kind === 0) await connection.close()
    if (kind === 2 && typeof options.input === 'string') {
      const lines = options.input.split('\n')
      lines.splice(1 + Math.floor(random() * (lines.length - 2)), 0, 'kill -9 $$')
      return connection.run(argv, { ...options, input: lines.join('\n') })
    }
    const result = await connection.run(argv, options)
    await connection.close()
    return result
  }
  return {
    server: connection.server,
    lost: connection.lost,
    run,
    script: (text, parameters = [], options = {}) => connection.script(text, parameters, options),
    stream: connection.stream.bind(connection),
    attach: connection.attach.bind(connection),
    upload: connection.upload.bind(connection),
    store: connection.store.bind(connection),
    forward: connection.forward.bind(connection),
    close: () => connection.close(),
  }
}

/** Mulberry32: small, and the same everywhere. */
function generator(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
