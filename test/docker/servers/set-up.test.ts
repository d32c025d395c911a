import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkServer } from '../../../packages/slipway/src/servers/setup/check.ts'
import type { Finding } from '../../../packages/slipway/src/servers/setup/topic.ts'
import type { Connection } from '../../../packages/slipway/src/servers/ssh/connection.ts'
import { firewall } from '../../../packages/slipway/src/servers/setup/topics/firewall.ts'
import { setUpServer } from '../../../packages/slipway/src/servers/setup/setup.ts'
import { thorough } from '../sample.ts'
import { elsewhere, scan, TestServer, wishes, within } from './lab.ts'
import { armed, getsIn, insteadOfTheProof, lockOuts, sabotaged, setUp, state, type LockOut } from './lock-outs.ts'

// One bare Debian 12 and one set-up of it, looked at from all sides.
let server: TestServer
let connection: Connection

const ids = (findings: readonly Finding[]): string[] => findings.map(({ id }) => id)
const pending = (findings: readonly Finding[]): Finding[] => findings.filter(({ state }) => state === 'pending')

beforeAll(async () => {
  server = await TestServer.start()
  connection = await server.logIn()
})
afterAll(async () => {
  await connection?.close()
  await server?.stop()
})

describe('a bare Debian 12', () => {
  test('becomes a server that takes deployments, by exactly the changes that the check foretold', async () => {
    expect(connection.server.user).toBe('root')
    const files = 'find /etc /usr /opt /root /home -newer /tmp/marker ! -path "*/.cache/*" | head'
    await server.inside('sleep 0.1; touch /tmp/marker; sleep 0.1')
    const foretold = pending((await checkServer(connection, wishes)).findings)
    expect(await server.inside(files)).toBe('')
    expect(foretold.length).toBeGreaterThan(50)

    const done = await setUp(server, connection)
    expect(ids(done.changed)).toEqual(ids(foretold))
    expect(pending(done.findings)).toEqual([])
    await server.proveLogin()
    // Its packages come from a mirror.
  }, 600_000)

  test('a second set-up changes nothing, not one file', async () => {
    await server.inside('sleep 0.1; touch /tmp/marker; sleep 0.1')
    expect((await setUp(server, connection)).changed).toEqual([])
    expect(await server.inside('find /etc /usr /opt /root /home -newer /tmp/marker ! -path "*/.cache/*" | head')).toBe(
      '',
    )
  })

  test('root and passwords are kept out', async () => {
    for (let tries = 0; tries < 4; tries += 1) {
      await expect(server.logIn('root')).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
    }
    expect(await server.inside(`passwd --status deploy | cut -d' ' -f2`)).toBe('L')
  })

  test.runIf(thorough)('bans a stranger who guesses, and not us, who have failed as often', async () => {
    const guess = `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o ConnectTimeout=2 guess@${server.lab.address} true 2>&1`
    const said = await elsewhere(`for i in 1 2 3 4 5 6 7 8 9 10; do ${guess}; sleep 0.4; done; true`)
    expect(said).toContain('Permission denied')
    expect(said.split('\n').at(-1)).toMatch(/Connection refused|timed out/)
    await server.proveLogin()
  })

  test('does not lock out: when nobody can get in and nobody is there to see it, it goes back', async () => {
    const before = await state(server)
    const cut = await server.logIn()
    const topics = [await sabotaged(server, lockOuts[0] as LockOut, cut)]
    const proveLogin = insteadOfTheProof(server, () => cut.close())
    await expect(setUp(server, cut, { guardSeconds: 6, topics, proveLogin })).rejects.toThrow()
    expect(await getsIn(server)).toBe(false)
    expect(await within(20_000, async () => (await getsIn(server)) && !(await armed(server)))).toBe(true)
    expect(await state(server)).toEqual(before)
  })

  test('a second set-up at the same time is refused, and the way back of the first goes on', async () => {
    const [first, second] = await Promise.all([server.logIn(), server.logIn()])
    const topics = [await sabotaged(server, { ...(lockOuts[0] as LockOut), sabotage: 'true' }, first)]
    let refused: unknown
    const proveLogin = async (): Promise<void> => {
      if (await armed(server)) {
        refused = await setUp(server, second).catch((error: unknown) => error)
        expect(await armed(server)).toBe(true)
      }
      await server.proveLogin()
    }
    await setUp(server, first, { topics, proveLogin })
    expect(refused).toMatchObject({ code: 'LOCKED' })
    expect(await armed(server)).toBe(false)
    await Promise.all([first.close(), second.close()])
  })

  test.runIf(thorough)('a second project on it leaves the way in of the first alone', async () => {
    const blog = await server.logIn()
    const client = (await blog.script('echo "$SSH_CONNECTION"')).stdout.split(' ')[0] ?? ''
    const theirs = { ...wishes, app: 'blog', adminAddresses: [client, '192.0.2.9'], openPorts: [8080] }
    const options = { guardSeconds: 60, note: () => undefined, topics: [firewall] }
    const proveLogin = (): Promise<void> => server.proveLogin()
    const shown = (): Promise<string> => server.inside('iptables -S DOCKER-USER; ip6tables -S DOCKER-USER')
    await setUpServer(blog, theirs, { ...options, proveLogin })
    const added = await server.inside('ufw show added')
    expect(added).toContain('ufw allow 22/tcp')
    expect(added).toContain('ufw allow from 192.0.2.9 to any port 22 proto tcp')
    expect(await shown()).toContain('--ctorigdstport 8080')
    // What one of them lets in is no surprise to the other, nor does it take it away.
    expect((await setUp(server, connection, { topics: [firewall] })).changed).toEqual([])
    expect(await shown()).toContain('--ctorigdstport 8080')
    await setUpServer(blog, { ...theirs, adminAddresses: [client], openPorts: [] }, { ...options, proveLogin })
    await blog.close()
    const later = await server.inside('ufw show added')
    expect(later).toContain('ufw allow 22/tcp')
    expect(later).not.toContain('192.0.2.9')
    expect(await shown()).not.toContain('8080')
    await server.inside('ufw allow 5432; ufw allow OpenSSH')
    const strangers = async (seen: typeof wishes): Promise<Finding | undefined> =>
      (await checkServer(connection, seen)).findings.find(({ id }) => id === 'firewall.strangers')
    expect(await strangers(wishes)).toMatchObject({ state: 'by hand', found: 'allow 5432' })
    const found = 'allow 22/tcp; allow 5432; allow OpenSSH'
    expect(await strangers({ ...theirs, adminAddresses: [client], openPorts: [] })).toMatchObject({
      state: 'by hand',
      found,
    })
    await server.inside('ufw delete allow 5432; ufw delete allow OpenSSH')
    expect(await strangers(wishes)).toMatchObject({ state: 'as wanted' })
    expect(pending((await checkServer(connection, wishes)).findings)).toEqual([])
  })

  test('keeps all of it over a reboot', async () => {
    await connection.close()
    await server.lab.reboot()
    connection = await server.logIn()
    await server.inside('until docker version >/dev/null 2>&1; do sleep 0.2; done')
    expect(pending((await checkServer(connection, wishes)).findings)).toEqual([])
  })

  test('shows strangers the allowed ports alone, whatever a container publishes', async () => {
    await server.publish([5432, 8080, 80])
    const ports = [22, 25, 53, 80, 111, 443, 2375, 3000, 5432, 6379, 8080]
    expect(await scan(server.lab.address, ports)).toEqual([22, 80, 443])
    // The control holds for a reason: without our chain the very same knock is answered.
    await server.inside('iptables -I DOCKER-USER -j RETURN')
    expect(await scan(server.lab.address, ports)).toEqual([22, 80, 443, 5432, 8080])
    const { findings } = await checkServer(connection, wishes)
    expect(ids(pending(findings))).toEqual(['firewall.published'])
  })
})
