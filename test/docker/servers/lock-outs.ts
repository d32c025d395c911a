import type { Topic } from '../../../packages/slipway/src/servers/setup/topic.ts'
import { fail2ban } from '../../../packages/slipway/src/servers/setup/topics/fail2ban.ts'
import { firewall } from '../../../packages/slipway/src/servers/setup/topics/firewall.ts'
import { ssh } from '../../../packages/slipway/src/servers/setup/topics/ssh.ts'
import { setUpServer, type SetUpOptions, type SetUpReport } from '../../../packages/slipway/src/servers/setup/setup.ts'
import type { Connection } from '../../../packages/slipway/src/servers/ssh/connection.ts'
import { type TestServer, wishes } from './lab.ts'

export interface LockOut {
  what: string
  topic: Topic
  /** Done beside what the topic does. */
  sabotage: string
}

/** Every way to lock everybody out that we could think of. */
export const lockOuts: readonly LockOut[] = [
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

export function setUp(
  server: TestServer,
  connection: Connection,
  options: Partial<SetUpOptions> = {},
): Promise<SetUpReport> {
  return setUpServer(connection, wishes, {
    proveLogin: () => server.proveLogin(),
    guardSeconds: 60,
    note: () => undefined,
    ...options,
  })
}

/** For `proveLogin`: when the way back is armed and the harm is done, something else happens than a login. */
export function insteadOfTheProof(server: TestServer, happens: () => Promise<void>): () => Promise<void> {
  return async () => {
    if (!(await armed(server))) return server.proveLogin()
    await happens()
    throw new Error('nobody is left to prove anything')
  }
}

/** Does what the topic does, and the harm; and asks for something that never holds, so that it is done at all. */
export async function sabotaged(
  server: TestServer,
  { topic, sabotage }: LockOut,
  connection: Connection,
): Promise<Topic> {
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

export async function getsIn(server: TestServer): Promise<boolean> {
  return server.proveLogin().then(
    () => true,
    () => false,
  )
}

export async function armed(server: TestServer): Promise<boolean> {
  return (await server.inside('systemctl is-active slipway-revert.timer || true')) === 'active'
}

/** What must be as before: all files that decide who gets in, and the firewall in force. */
export async function state(server: TestServer): Promise<string> {
  return server.inside(
    `find /etc/ssh /etc/ufw /etc/sudoers /etc/sudoers.d /etc/default/ufw -type f | sort | xargs sha256sum; ufw status | sort; iptables -S ufw-user-input; passwd --status deploy`,
  )
}
