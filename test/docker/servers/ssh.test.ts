import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstKey } from '../../../packages/slipway/src/servers/ssh/first-key.ts'
import { open, type Connection } from '../../../packages/slipway/src/servers/ssh/connection.ts'
import { fingerprint, pinKey, readPinnedKeys } from '../../../packages/slipway/src/servers/ssh/pinned-keys.ts'
import { trustServer } from '../../../packages/slipway/src/servers/trust.ts'
import { TestServer } from './lab.ts'

let server: TestServer
let connection: Connection
let folder: string

beforeAll(async () => {
  server = await TestServer.start()
  folder = await mkdtemp('/tmp/slipway-ssh-test-')
  connection = await server.logIn('root')
})
afterAll(async () => {
  await connection?.close()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const asRoot = () => ({ ...server.address, user: 'root' })

describe('a command there', () => {
  test('gets exactly its words and its input, whatever they hold, and nothing else runs', async () => {
    const word = fc.oneof(
      fc.constantFrom('', "'", '$(touch /marker)', '`touch /marker`', '; touch /marker', '\n', '-n', '--', '\\', '*'),
      fc.string({ unit: 'grapheme', maxLength: 30 }).map(text => text.replaceAll('\0', '')),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), word, async (words, input) => {
        const echoed = await connection.run(['printf', '%s\\0', ...words])
        expect(echoed.stdout.split('\0').slice(0, -1)).toEqual(words)
        expect((await connection.run(['cat'], { input })).stdout).toBe(input)
      }),
      { numRuns: 30 },
    )
    expect(await server.inside('ls / | grep -c marker || true')).toBe('0')
  })

  test('keeps its exit code, also that of ssh itself', async () => {
    for (const code of [0, 1, 126, 255]) {
      expect((await connection.run(['sh', '-c', `exit ${code}`])).exitCode).toBe(code)
    }
  })

  test('takes milliseconds, and no login of its own', async () => {
    const logins = async (): Promise<number> => Number(await server.inside('journalctl -u ssh | grep -c Accepted'))
    const before = await logins()
    await Promise.all(Array.from({ length: 8 }, () => connection.run(['sleep', '0.2'])))
    expect(await logins()).toBe(before)
  })
})

describe('a script', () => {
  test('gets parameters as they are, and its programs no rest of it', async () => {
    const { stdout } = await connection.script('printf "%s|" "$@"; cat; echo end', ['a b', "'$(x)", '-n'])
    expect(stdout).toBe("a b|'$(x)|-n|end\n")
  })

  test('that was cut off does nothing at all', async () => {
    const text = "{\ntouch /half\nsleep 0\necho 'done'\n} </dev/null\n"
    for (const length of [10, 15, 30, text.length - 14]) {
      await connection.run(['sh', '-s'], { input: text.slice(0, length) })
      expect(await server.inside('ls / | grep -c half || true')).toBe('0')
    }
  })
})

describe('a file', () => {
  test('arrives whole, with its mode, at a hostile path', async () => {
    const target = `/root/it's $(touch marker); --x\n漢字`
    await connection.store('hello', target, { mode: 0o640 })
    expect((await connection.run(['stat', '-c', '%a %s', '--', target])).stdout.trim()).toBe('640 5')
    const file = join(folder, 'big')
    await writeFile(file, Buffer.alloc(5_000_000, 'x'))
    await connection.upload(file, target)
    expect((await connection.run(['stat', '-c', '%a %s', '--', target])).stdout.trim()).toBe('600 5000000')
  })

  test('that breaks off leaves what was there', async () => {
    await connection.store('old', '/root/kept')
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000, 'x')
        throw new Error('the disk here is broken')
      })(),
    )
    const { failure } = await connection.stream(
      ['sh', '-c', 'cat > /root/kept.part && mv /root/kept.part /root/kept.never'],
      { input: broken },
    )
    expect(failure).toBeDefined()
    expect(await server.inside('cat /root/kept')).toBe('old')
    await expect(connection.store('x', '/nowhere/x')).rejects.toMatchObject({ code: 'SERVER_COMMAND_FAILED' })
    await expect(connection.store('x', '/root')).rejects.toMatchObject({ code: 'SERVER_COMMAND_FAILED' })
  })
})

describe('a server is known by its key', () => {
  test('nothing is sent while none is pinned', async () => {
    let knocks = 0
    const listener = createServer(socket => {
      knocks += 1
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => listener.once('listening', resolve))
    const address = listener.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const unknown = { ...asRoot(), host: '127.0.0.1', port }
    await expect(open(unknown, server.reach)).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' })
    expect(knocks).toBe(0)
    listener.close()
  })

  test('another key is a hard stop, before any login', async () => {
    const pinnedKeys = join(folder, 'other.hosts')
    const key = { type: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5AAAAIKfdNYQm3ULH5iMYa8yMnQ7dNzYvhYn1YQvbnT0VEJ5p' }
    await pinKey(pinnedKeys, asRoot(), key)
    const before = await server.inside('journalctl -u ssh | grep -c "Accepted\\|Failed" || true')
    await expect(open(asRoot(), { pinnedKeys })).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
    expect(await server.inside('journalctl -u ssh | grep -c "Accepted\\|Failed" || true')).toBe(before)
    // The same when the pinned key is of a kind that the server does not have at all.
    await pinKey(pinnedKeys, asRoot(), { ...key, type: 'ssh-rsa' })
    await expect(open(asRoot(), { pinnedKeys })).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
  })

  test('is looked at without a login, and pinned by its fingerprint only', async () => {
    const key = await firstKey(asRoot())
    expect(`${key.type} ${key.key}`).toBe(await server.lab.hostKey())
    const file = join(folder, 'new.hosts')
    const ask = (request: { fingerprint?: string; replace?: boolean }) =>
      trustServer(asRoot(), file, { acceptAny: false, replace: false, ...request })
    expect(await ask({})).toMatchObject({ outcome: 'shown', fingerprint: fingerprint(key) })
    await expect(ask({ fingerprint: 'SHA256:other' })).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
    expect(await readPinnedKeys(file, asRoot())).toEqual([])
    expect(await ask({ fingerprint: fingerprint(key) })).toMatchObject({ outcome: 'pinned' })
    expect(await ask({})).toMatchObject({ outcome: 'already' })
    await pinKey(file, asRoot(), { type: 'ssh-ed25519', key: 'AAAA' })
    await expect(ask({ fingerprint: fingerprint(key) })).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
    expect(await ask({ fingerprint: fingerprint(key), replace: true })).toMatchObject({ outcome: 'pinned' })
  })
})

describe('what goes wrong has a name', () => {
  test('a login that is refused, a key that is not there or is none', async () => {
    const other = { ...asRoot(), user: 'nobody' }
    await expect(open(other, server.reach)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
    const missing = { ...asRoot(), identityFile: join(folder, "no %h ${HOME} 'key'") }
    await expect(open(missing, server.reach)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
    const rubbish = join(folder, "a %h ${HOME} 'key'")
    await writeFile(rubbish, 'rubbish', { mode: 0o600 })
    await expect(open({ ...asRoot(), identityFile: rubbish }, server.reach)).rejects.toMatchObject({
      code: 'LOGIN_REFUSED',
    })
  })

  test('nobody answers, or somebody else does', async () => {
    const file = join(folder, 'some.hosts')
    const key = await firstKey(asRoot())
    const at = async (change: { host?: string; port?: number }) => {
      const there = { ...asRoot(), ...change }
      await pinKey(file, there, key)
      return open(there, { pinnedKeys: file, patience: { connectSeconds: 1 } })
    }
    await expect(at({ port: 23 })).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE', why: 'Nothing listens there.' })
    await expect(at({ host: 'no-such-name.invalid' })).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
    const http = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    await new Promise(resolve => http.once('listening', resolve))
    const address = http.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(at({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
    http.close()
  })

  test('a connection that breaks is told apart from a program that fails, and is not made anew', async () => {
    const other = await open(asRoot(), server.reach)
    const lost = expect(other.run(['sleep', '30'])).rejects.toMatchObject({ code: 'SERVER_LOST' })
    await new Promise(resolve => setTimeout(resolve, 300))
    await server.inside(`pkill -n -f 'sshd: root@notty'`)
    await lost
    expect(other.lost.aborted).toBe(true)
    await expect(other.run(['true'])).rejects.toMatchObject({ code: 'SERVER_LOST' })
    await other.close()
  })

  test('a private key that others may read is not used', async () => {
    const open644 = join(folder, 'open-key')
    await writeFile(open644, 'x')
    await chmod(open644, 0o644)
    await expect(open({ ...asRoot(), identityFile: open644 }, server.reach)).rejects.toMatchObject({
      code: 'LOGIN_REFUSED',
    })
  })
})

test('a forward leads to a port there, and back no more when it is closed', async () => {
  const forward = await connection.forward({
    from: 'here',
    listen: { socket: join(folder, 'tunnel') },
    to: { host: '127.0.0.1', port: 22 },
  })
  const { connect } = await import('node:net')
  const greeting = await new Promise<string>((resolve, reject) => {
    const socket = connect(join(folder, 'tunnel'))
    socket.once('data', data => {
      socket.destroy()
      resolve(data.toString())
    })
    socket.once('error', reject)
  })
  expect(greeting).toMatch(/^SSH-2\.0/)
  await forward.close()
})
