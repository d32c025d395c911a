import { describe, expect, test } from 'vitest'
import { attachedArgv, commandArgv, controlArgv, firstKeyArgv, masterArgv } from '../../../src/servers/ssh/ssh-argv.ts'
import type { ServerAddress } from '../../../src/servers/ssh/address.ts'

const server: ServerAddress = {
  name: 'prod-1',
  host: 'shop.example.com',
  user: 'deploy',
  port: 2222,
  identityFile: '/srv/me/.ssh/my key %h ${HOME}',
}
const folder = '/tmp/slipway-ssh-abc'

function options(argv: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    argv.flatMap((word, index) => {
      const [name = '', ...value] = (argv[index + 1] ?? '').split('=')
      return word === '-o' ? [[name, value.join('=')]] : []
    }),
  )
}

describe('the connection itself', () => {
  const argv = masterArgv(server, folder)

  test('knows the server by its pinned key alone, and asks nobody', () => {
    expect(options(argv)).toMatchObject({
      BatchMode: 'yes',
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: `${folder}/hosts`,
      GlobalKnownHostsFile: '/dev/null',
      HostKeyAlias: '[shop.example.com]:2222',
      KnownHostsCommand: 'none',
      VerifyHostKeyDNS: 'no',
      UpdateHostKeys: 'no',
    })
  })

  test('takes no forwards, agents or commands from a ssh_config', () => {
    expect(options(argv)).toMatchObject({
      ForwardAgent: 'no',
      ForwardX11: 'no',
      ClearAllForwardings: 'yes',
      RemoteCommand: 'none',
      PermitLocalCommand: 'no',
    })
  })

  test('names no path that a person chose', () => {
    expect(argv.join('\n')).not.toContain('my key')
    expect(options(argv)).toMatchObject({ IdentityFile: `${folder}/identity`, IdentitiesOnly: 'yes' })
  })

  test('ends the options before the host', () => {
    expect(argv.slice(-7)).toEqual(['-l', 'deploy', '-p', '2222', '--', 'shop.example.com', 'exec cat'])
  })

  test('without an identity, the agent and ~/.ssh offer what they have', () => {
    const { identityFile: _, ...open } = server
    expect(options(masterArgv(open, folder))).not.toHaveProperty('IdentitiesOnly')
  })

  test('gives up a silent connection', () => {
    expect(options(masterArgv(server, folder, { connectSeconds: 3, silenceSeconds: 6 }))).toMatchObject({
      ConnectTimeout: '3',
      ServerAliveInterval: '2',
      ServerAliveCountMax: '3',
    })
  })
})

describe('a command', () => {
  test('goes over the connection or nowhere', () => {
    const argv = commandArgv(server, folder, ['echo', "it's; $(here)"])
    expect(argv.slice(0, 2)).toEqual(['-F', 'none'])
    expect(options(argv)).toMatchObject({
      ControlMaster: 'no',
      ControlPath: `${folder}/control`,
      ProxyCommand: 'false',
    })
  })

  test('is one word for ssh, quoted for the shell at the other end', () => {
    expect(commandArgv(server, folder, ['echo', "it's; $(here)"]).at(-1)).toBe(`'echo' 'it'\\''s; $(here)'`)
  })
})

describe('a forward', () => {
  test('leads from here to there', () => {
    const argv = controlArgv(server, folder, 'forward', {
      from: 'here',
      listen: { host: '127.0.0.1', port: 5000 },
      to: { socket: '/run/docker.sock' },
    })
    expect(argv).toContain('-L')
    expect(argv).toContain('[127.0.0.1]:5000:/run/docker.sock')
    expect(argv.slice(argv.indexOf('-O'), argv.indexOf('-O') + 2)).toEqual(['-O', 'forward'])
  })

  test.each(['/a:b', '/a b', 'relative', '/a\nb', '/%h', '/$HOME'])('refuses the socket %j', socket => {
    const forward = { from: 'there', listen: { socket }, to: { host: 'localhost', port: 1 } } as const
    expect(() => controlArgv(server, folder, 'forward', forward)).toThrow(TypeError)
  })
})

test('the first look at a key offers no login', () => {
  const argv = firstKeyArgv(server, folder)
  expect(options(argv)).toMatchObject({
    StrictHostKeyChecking: 'accept-new',
    PreferredAuthentications: 'none',
    PubkeyAuthentication: 'no',
    BatchMode: 'yes',
  })
  expect(options(argv)).not.toHaveProperty('IdentityFile')
})

describe('a program on the streams of whoever asked', () => {
  const hostile = ['docker', 'exec', 'id', '; touch x', "it's", '$(id)', 'a\nb', '', '--help']

  test('is the same line as any command, over the same connection', () => {
    const plain = commandArgv(server, folder, hostile)
    expect(attachedArgv(server, folder, hostile, false)).toEqual(plain)
    expect(attachedArgv(server, folder, hostile, true)).toEqual(plain.map(word => (word === '-T' ? '-tt' : word)))
    expect(options(attachedArgv(server, folder, hostile, true))).toMatchObject({
      ProxyCommand: 'false',
      EscapeChar: 'none',
    })
  })
})
