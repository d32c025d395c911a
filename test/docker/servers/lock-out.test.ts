import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setUpServer, type SetUpOptions } from '../../../packages/slipway/src/servers/setup/setup.ts'
import type { Topic } from '../../../packages/slipway/src/servers/setup/topic.ts'
import { fail2ban } from '../../../packages/slipway/src/servers/setup/topics/fail2ban.ts'
import { firewall } from '../../../packages/slipway/src/servers/setup/topics/firewall.ts'
import { ssh } from '../../../packages/slipway/src/servers/setup/topics/ssh.ts'
import type { Connection } from '../../../packages/slipway/src/servers/ssh/connection.ts'
import { TestServer, wishes, within } from './lab.ts'
import { sample } from '../sample.ts'

// Every way to lock everybody out that we could think of, on a server that is set up; then one must get in again.
let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ docker: true })
  const connection = await server.logIn()
  await setUp(connection, { guardSeconds: 60 })
  await connection.close()
})
afterAll(() => server?.stop())

/** Long enough for what is done under it on a busy machine. */
const guardSeconds = 8
const patient = 60

interface LockOut {
  what: string
  topic: Topic
  /** Done beside what the topic does. */
  sabotage: string
}

const lockOuts: readonly LockOut[] = [
  {
    what: 'sshd takes nobody any more',
    topic: ssh,
    sabotage: `echo 'AllowUsers nobody' >> /etc/ssh/sshd_config.d/00-slipway.conf; systemctl reload ssh`,
  },
  {
    what: 'the firewall forgets SSH',
    topic: firewall,
    sabotage: 'ufw --force delete allow 22/tcp; ufw deny 22/tcp; ufw reload',
  },
  {
    what: 'we are banned',
    topic: fail2ban,
    sabotage: `fail2ban-client set sshd banip ${'$'}(echo ${'$'}SSH_CLIENT_ADDRESS)`,
  },
  {
    what: 'sshd listens elsewhere',
    topic: ssh,
    sabotage: `sed -i '1i Port 2222' /etc/ssh/sshd_config.d/00-slipway.conf; systemctl restart ssh`,
  },
  {
    what: 'sudo is broken',
    topic: ssh,
    sabotage: `echo 'deploy ALL=(ALL:ALL) !ALL' > /etc/sudoers.d/zz-later; chmod 440 /etc/sudoers.d/zz-later`,
  },
  {
    what: 'new keys are looked for elsewhere',
    topic: ssh,
    sabotage: `sed -i '1i AuthorizedKeysFile /nowhere' /etc/ssh/sshd_config.d/00-slipway.conf; systemctl reload ssh`,
  },
]

describe('when a step keeps everybody out', () => {
  test.each(sample(3, lockOuts))('$what: set-up fails, and one gets in as before', async lockOut => {
    const before = await state()
    const connection = await server.logIn()
    const failure = setUp(connection, { guardSeconds: patient, topics: [await sabotaged(lockOut, connection)] })
    await expect(failure).rejects.toMatchObject({ code: 'SETUP_FAILED' })
    await connection.close()
    expect(await within((guardSeconds + 6) * 1000, getsIn)).toBe(true)
    expect(await state()).toEqual(before)
  })

  test.each(sample(1, lockOuts.toReversed()))(
    '$what, and whoever set it up is gone: the server helps itself',
    async lockOut => {
      const before = await state()
      const connection = await server.logIn()
      const topics = [await sabotaged(lockOut, connection)]
      const gone = async (): Promise<void> => {
        if (await armed()) {
          await connection.close()
          throw new Error('killed')
        }
        await server.proveLogin()
      }
      await expect(setUp(connection, { guardSeconds, topics, proveLogin: gone })).rejects.toThrow()
      expect(await within((guardSeconds + 6) * 1000, async () => (await getsIn()) && !(await armed()))).toBe(true)
      expect(await state()).toEqual(before)
    },
  )

  test('a power cut while the way back is armed does not disarm it', async () => {
    const before = await state()
    const connection = await server.logIn()
    const topics = [await sabotaged(lockOuts[0] as LockOut, connection)]
    const cut = async (): Promise<void> => {
      if (await armed()) {
        await server.lab.crash()
        throw new Error('power cut')
      }
      await server.proveLogin()
    }
    await expect(setUp(connection, { guardSeconds: 8, topics, proveLogin: cut })).rejects.toThrow()
    await connection.close().catch(() => undefined)
    expect(await within(25_000, getsIn)).toBe(true)
    expect(await state()).toEqual(before)
  })
})

test('a change that is proven stays, and nothing of the way back is left', async () => {
  const connection = await server.logIn()
  await server.inside('rm /etc/ssh/sshd_config.d/00-slipway.conf; systemctl reload ssh')
  const { changed } = await setUp(connection, { guardSeconds })
  await connection.close()
  expect(changed.length).toBeGreaterThan(5)
  await new Promise(resolve => setTimeout(resolve, (guardSeconds + 1) * 1000))
  expect(await server.inside('ls /etc/ssh/sshd_config.d/')).toContain('00-slipway.conf')
  expect(await server.inside('ls /var/lib/slipway-setup /etc/systemd/system | grep -c slipway- || true')).toBe('0')
})

function setUp(connection: Connection, options: Partial<SetUpOptions>) {
  return setUpServer(connection, wishes, {
    proveLogin: () => server.proveLogin(),
    guardSeconds: 60,
    note: () => undefined,
    ...options,
  })
}

/** Does what the topic does, and the harm; and asks for something that never holds, so that it is done at all. */
async function sabotaged({ topic, sabotage }: LockOut, connection: Connection): Promise<Topic> {
  const client = (await connection.script('echo "$SSH_CONNECTION"')).stdout.split(' ')[0] ?? ''
  const harm = sabotage.replace('$(echo $SSH_CLIENT_ADDRESS)', client)
  const done = '/run/slipway-harm'
  await server.inside(`rm -f ${done}`)
  return {
    ...topic,
    script: situation => `( ${topic.script(situation)} )\n${harm} >/dev/null 2>&1\ntouch ${done}\n`,
    controls: [{ id: 'harm.done', title: '', why: '', found: `[ -e ${done} ] && echo yes || echo no`, wanted: 'yes' }],
  }
}

async function getsIn(): Promise<boolean> {
  return server.proveLogin().then(
    () => true,
    () => false,
  )
}

async function armed(): Promise<boolean> {
  return (await server.inside('systemctl is-active slipway-revert.timer || true')) === 'active'
}

/** What must be as before: all files that decide who gets in, and the firewall in force. */
async function state(): Promise<string> {
  return server.inside(
    `find /etc/ssh /etc/ufw /etc/sudoers /etc/sudoers.d /etc/default/ufw -type f | sort | xargs sha256sum; ufw status | sort; iptables -S ufw-user-input; passwd --status deploy`,
  )
}
