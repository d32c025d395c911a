import { SlipwayError, type ErrorCode } from '../../support/errors.ts'
import { lastLines } from '../../support/run.ts'
import { writtenAddress, type ServerAddress } from './address.ts'

/** What it means that `ssh` did not come to a login, by what it printed. */
export function connectionFailure(server: ServerAddress, printed: string, exitCode?: number): SlipwayError {
  const attempted = `Connecting to server ${server.name} (${writtenAddress(server)})`
  const output = lastLines(printed)
  const found = meanings.find(({ pattern }) => pattern.test(printed))
  if (exitCode === 127 && found === undefined) {
    return new SlipwayError('SERVER_UNREACHABLE', attempted, {
      why: 'The program `ssh` could not be started.',
      state: unchanged,
      next: 'Install the OpenSSH client (Debian, Ubuntu: apt-get install openssh-client).',
      output,
    })
  }
  const { code, why, next } = found ?? unknownFailure
  return new SlipwayError(code, attempted, { why, state: unchanged, next: next(server), output })
}

/** The connection broke while something ran: nobody here knows how that ended. */
export function lostConnection(server: ServerAddress, doing: string, printed: string): SlipwayError {
  return new SlipwayError('SERVER_LOST', `${doing} on server ${server.name} (${writtenAddress(server)})`, {
    why: 'The connection broke.',
    state: 'What was under way on the server may have gone on, ended, or stopped half way.',
    next: 'Run the command again: it looks at what is there first.',
    output: lastLines(printed),
  })
}

export function unknownServer(server: ServerAddress, file: string): SlipwayError {
  return new SlipwayError('HOST_KEY_UNKNOWN', `Connecting to server ${server.name} (${writtenAddress(server)})`, {
    why: `${file} has no key of it, so nobody could tell it from another machine.`,
    state: 'Nothing was sent.',
    next: `See its key and pin it: slipway server trust ${server.name}`,
  })
}

const unchanged = 'Nothing was changed on the server.'

interface Meaning {
  pattern: RegExp
  code: ErrorCode
  why: string
  next: (server: ServerAddress) => string
}

const meanings: readonly Meaning[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known for .* strict/,
    code: 'HOST_KEY_CHANGED',
    why: 'It answers with another key than the pinned one: another machine, or one that was installed again.',
    next: ({ name }) =>
      `Find out why before anything else. If it was installed again: slipway server trust ${name} --replace`,
  },
  {
    pattern: /System is (booting up|going down)|nologin/,
    code: 'SERVER_UNREACHABLE',
    why: 'It is just starting or going down, and takes no logins.',
    next: () => 'Wait a moment and try again.',
  },
  {
    pattern: /Permission denied|Too many authentication failures|no mutual signature/i,
    code: 'LOGIN_REFUSED',
    why: 'The server does not accept the key.',
    next: ({ name }) =>
      `Check user and identity of ${name} in slipway.yaml, and that the key is in the agent when it has a passphrase (ssh-add -l).`,
  },
  {
    pattern: /UNPROTECTED PRIVATE KEY|invalid format|error in libcrypto|bad permissions/i,
    code: 'LOGIN_REFUSED',
    why: 'The private key can not be used.',
    next: () => 'Check the identity file: a private key of OpenSSH, readable by you alone (chmod 600).',
  },
  {
    pattern: /Could not resolve hostname/,
    code: 'SERVER_UNREACHABLE',
    why: 'Its name leads to no address.',
    next: ({ name }) => `Check the host of ${name} in slipway.yaml.`,
  },
  {
    pattern: /Connection refused/,
    code: 'SERVER_UNREACHABLE',
    why: 'Nothing listens there.',
    next: () => 'Check host and port, and that sshd runs. Too many failed logins may have banned this address.',
  },
  {
    pattern: /timed out|No route to host|Network is unreachable|Connection closed|Connection reset|kex_exchange/,
    code: 'SERVER_UNREACHABLE',
    why: 'It does not answer.',
    next: () => 'Check that the server runs, and that its firewalls let this address in.',
  },
]

const unknownFailure: Omit<Meaning, 'pattern'> = {
  code: 'SERVER_UNREACHABLE',
  why: 'ssh came to no login.',
  next: ({ user, host, port }) => `Try it by hand: ssh -p ${port} -l ${user} ${host}`,
}
