import { join } from 'node:path'
import { shellLine } from '../../support/shell-quote.ts'
import { pinnedName, type ServerAddress } from './address.ts'

/**
 * The argv arrays of `ssh`, and nothing run here. The folder is private to one connection and has a plain short name:
 * in it are the control socket, the pinned keys of this one server, and a link to the private key. So no path that a
 * person chose is ever read by ssh's own language of options (quotes, `%h`, `${HOME}`).
 */
export function masterArgv(server: ServerAddress, folder: string, patience: Patience = {}): string[] {
  return [
    ...options({
      ...connecting(server, folder, patience),
      ControlMaster: 'yes',
      ControlPath: controlSocket(folder),
      ControlPersist: 'no',
    }),
    ...destination(server),
    // Says back what it is told, and ends when we do: however this process dies, the connection goes with it.
    'exec cat',
  ]
}

/** One command over the connection. There is no second way in: without the master, it fails. */
export function commandArgv(server: ServerAddress, folder: string, argv: readonly string[]): string[] {
  return [...overMaster(folder), ...destination(server), shellLine(argv)]
}

/** The same on the streams of whoever asked: with a terminal there, which follows the size of the one here, or without. */
export function attachedArgv(
  server: ServerAddress,
  folder: string,
  argv: readonly string[],
  terminal: boolean,
): string[] {
  return [...overMaster(folder, terminal ? '-tt' : '-T'), ...destination(server), shellLine(argv)]
}

/** Asks or tells the master: is it there, forward this, end. */
export function controlArgv(
  server: ServerAddress,
  folder: string,
  request: 'check' | 'exit' | 'forward' | 'cancel',
  forward?: Forward,
): string[] {
  const given = forward === undefined ? [] : [forward.from === 'here' ? '-L' : '-R', forwardText(forward)]
  return [...overMaster(folder), '-O', request, ...given, ...destination(server)]
}

/** A connection that only learns the server's key: it offers no login and says nothing. */
export function firstKeyArgv(server: ServerAddress, folder: string, patience: Patience = {}): string[] {
  return [
    ...options({
      ...connecting({ ...server, identityFile: undefined }, folder, patience),
      StrictHostKeyChecking: 'accept-new',
      PreferredAuthentications: 'none',
      PubkeyAuthentication: 'no',
      ControlMaster: 'no',
      ControlPath: 'none',
    }),
    ...destination(server),
    'true',
  ]
}

/** With a key that is good for one command, whatever is asked for: a connection of its own, and no settings of a person. */
export function askingArgv(server: ServerAddress, folder: string): string[] {
  return [
    '-F',
    'none',
    '-T',
    ...options({
      ...connecting(server, folder, { connectSeconds: 8, silenceSeconds: 9 }),
      ControlMaster: 'no',
      ControlPath: 'none',
      IdentityAgent: 'none',
      PreferredAuthentications: 'publickey',
    }),
    ...destination(server),
  ]
}

/** For a person: may ask for a passphrase, and gets a terminal when no command is given. */
export function interactiveArgv(server: ServerAddress, folder: string, command: string | undefined): string[] {
  const { BatchMode: _, EscapeChar: _also, RequestTTY: _too, LogLevel: _last, ...rest } = connecting(server, folder, {})
  return [
    ...options({
      ...rest,
      ControlMaster: 'no',
      ControlPath: 'none',
      RequestTTY: command === undefined ? 'auto' : 'no',
    }),
    ...destination(server),
    ...(command === undefined ? [] : [command]),
  ]
}

export interface Patience {
  connectSeconds?: number
  /** A connection on which nothing is answered for so long is given up. */
  silenceSeconds?: number
}

export interface Forward {
  /** `here`: listens on this machine and leads to the server; `there`: the other way round. */
  from: 'here' | 'there'
  listen: Endpoint
  to: Endpoint
}

export type Endpoint = { socket: string } | { host: string; port: number }

export const controlSocket = (folder: string): string => join(folder, 'control')
export const pinnedFile = (folder: string): string => join(folder, 'hosts')
export const identityLink = (folder: string): string => join(folder, 'identity')

type Loose = Omit<ServerAddress, 'identityFile'> & { identityFile?: string | undefined }

function connecting(server: Loose, folder: string, patience: Patience): Record<string, string> {
  return {
    BatchMode: 'yes',
    ConnectTimeout: String(patience.connectSeconds ?? 10),
    ServerAliveInterval: String(Math.max(1, Math.ceil((patience.silenceSeconds ?? 30) / 3))),
    ServerAliveCountMax: '3',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: pinnedFile(folder),
    GlobalKnownHostsFile: '/dev/null',
    // The pinned name, whatever ~/.ssh/config makes of the host's.
    HostKeyAlias: pinnedName(server),
    HashKnownHosts: 'no',
    CheckHostIP: 'no',
    VerifyHostKeyDNS: 'no',
    UpdateHostKeys: 'no',
    KnownHostsCommand: 'none',
    // A person's ~/.ssh/config may say how a server is reached, but nothing of what is done there.
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    // What an earlier forward left lying must not keep the next from listening.
    StreamLocalBindUnlink: 'yes',
    EscapeChar: 'none',
    LogLevel: 'ERROR',
    ...(server.identityFile === undefined ? {} : { IdentityFile: identityLink(folder), IdentitiesOnly: 'yes' }),
  }
}

/** The settings of a person do not matter here, and where the master is gone nobody else connects. */
function overMaster(folder: string, terminal: '-T' | '-tt' = '-T'): string[] {
  return [
    '-F',
    'none',
    terminal,
    ...options({
      ControlMaster: 'no',
      ControlPath: controlSocket(folder),
      ProxyCommand: 'false',
      BatchMode: 'yes',
      EscapeChar: 'none',
      LogLevel: 'ERROR',
    }),
  ]
}

function options(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

function destination({ host, user, port }: ServerAddress): string[] {
  return ['-l', user, '-p', String(port), '--', host]
}

function forwardText({ listen, to }: Forward): string {
  return `${endpointText(listen)}:${endpointText(to)}`
}

function endpointText(endpoint: Endpoint): string {
  if (!('socket' in endpoint)) return `[${endpoint.host}]:${endpoint.port}`
  // ssh splits at colons and knows no way to write one.
  if (/[:\s\\%$]/.test(endpoint.socket) || !endpoint.socket.startsWith('/')) {
    throw new TypeError(`Not a path that ssh can forward: ${JSON.stringify(endpoint.socket)}`)
  }
  return endpoint.socket
}
