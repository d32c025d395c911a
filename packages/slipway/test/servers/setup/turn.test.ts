import { mkdtempSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setUpServer } from '../../../src/servers/setup/setup.ts'
import { takeTurn } from '../../../src/servers/setup/turn.ts'
import type { Connection } from '../../../src/servers/ssh/connection.ts'
import { stream } from '../../../src/support/stream.ts'
import { machine } from './situations.ts'

// The real script in a real shell; only where its locks lie and how long it waits is another.
let folder: string

beforeEach(() => {
  folder = mkdtempSync('/tmp/slipway-turn-')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('one at a time, and the second is told who and since when', async () => {
  const first = await takeTurn(server(), machine)
  first.assureHeld()
  await expect(takeTurn(server(), machine)).rejects.toMatchObject({
    code: 'LOCKED',
    why: expect.stringMatching(/for shop, by root from 203\.0\.113\.7, since 20\d\d-.* UTC\.$/) as string,
  })
  await first.end()
  const second = await takeTurn(server(), machine)
  await second.end()
})

test('when the login ends the turn does, and whoever had it notices', async () => {
  const login = new AbortController()
  const first = await takeTurn(server({ signal: login.signal }), machine)
  expect(first.isHeld()).toBe(true)
  login.abort()
  const second = await takeTurn(server(), machine)
  expect(first.isHeld()).toBe(false)
  expect(() => first.assureHeld()).toThrow(expect.objectContaining({ code: 'SETUP_FAILED' }))
  await second.end()
})

test('when nothing is heard from it for too long, the turn ends', async () => {
  const silent = await takeTurn(server({ silenceSeconds: '1' }), machine)
  const second = await takeTurn(server(), machine)
  // That it has ended is known there a moment later than here.
  const isTold = () => expect(() => silent.assureHeld()).toThrow(expect.objectContaining({ code: 'SETUP_FAILED' }))
  await vi.waitFor(isTold, { timeout: 5000, interval: 20 })
  await second.end()
})

test('what a set-up that was cut off still runs is waited for, and not for ever', async () => {
  const step = new AbortController()
  const running = stream('flock', ['--no-fork', `${folder}/slipway-setup-step.lock`, 'sleep', '60'], {
    signal: step.signal,
  })
  await new Promise(resolve => setTimeout(resolve, 200))
  await expect(takeTurn(server({ stepSeconds: '1' }), machine)).rejects.toMatchObject({ code: 'LOCKED' })
  const waiting = takeTurn(server(), machine)
  step.abort()
  await running
  await (await waiting).end()
})

test('a server that has no such lock says so', async () => {
  rmSync(folder, { recursive: true })
  await expect(takeTurn(server(), machine)).rejects.toMatchObject({ code: 'SERVER_COMMAND_FAILED' })
})

test('a second set-up touches nothing, least of all the way back of the first', async () => {
  const first = await takeTurn(server(), machine)
  const asked: string[] = []
  const second = {
    ...server(),
    script: async () => ({ exitCode: 0, stdout: factsOfMachine, stderr: '', timedOut: false }),
    run: async (argv: readonly string[]) => {
      asked.push(argv.join(' '))
      return { exitCode: 0, stdout: '', stderr: '', timedOut: false }
    },
  }
  const options = { proveLogin: async () => undefined, guardSeconds: 60, note: () => undefined }
  await expect(setUpServer(second, machine.wishes, options)).rejects.toMatchObject({ code: 'LOCKED' })
  expect(asked).toEqual([])
  await first.end()
})

const factsOfMachine = 'system=debian\nversion=12\nroot=is root\nsystemd=yes\nuser=root\nclientAddress=203.0.113.7\n'

function server({ signal, silenceSeconds = '60', stepSeconds = '90' }: Settings = {}): Connection {
  const used: Pick<Connection, 'server' | 'stream'> = {
    server: { name: 'prod-1', host: '203.0.113.10', port: 22, user: 'root' },
    stream: ([program = '', ...argv], options) => {
      const words = argv.map(word => word.replaceAll('/run/slipway', `${folder}/slipway`))
      words.splice(-2, 2, silenceSeconds, stepSeconds)
      return stream(program, words, { ...options, ...(signal === undefined ? {} : { signal }) })
    },
  }
  return used as Connection
}

interface Settings {
  signal?: AbortSignal
  silenceSeconds?: string
  stepSeconds?: string
}
