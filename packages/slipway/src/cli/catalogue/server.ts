import { exitCodes } from '../../support/errors.ts'
import { defineCommand } from '../command.ts'
import { commonExits } from './shared.ts'

const server = { server: { does: 'its name under `servers` in slipway.yaml', required: true } } as const

const login = {
  kind: 'text',
  value: 'user',
  does: 'log in as this user, who is root or becomes it by sudo; default: the user of slipway.yaml, then root',
} as const

const guard = {
  kind: 'number',
  value: 'seconds',
  does: 'how long the server waits for a login that proves a risky change, before it goes back',
  default: 120,
  most: 3600,
} as const

export const serverListCommand = defineCommand({
  name: 'server list',
  group: 'Servers',
  summary: 'list the servers of slipway.yaml and whether their keys are pinned',
  examples: [{ does: 'which servers are there?', run: 'slipway server list' }],
  arguments: {},
  options: {},
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/server/list.ts'),
})

export const serverTrustCommand = defineCommand({
  name: 'server trust',
  group: 'Servers',
  summary: 'look at the key of a server, or of the host of a Git repository, and pin it in slipway.hosts',
  details:
    'Without an option it only shows the key. Compare it with what the console of the provider shows, then pin it by its fingerprint. From then on a server with another key is not spoken to.',
  examples: [
    { does: 'see the key', run: 'slipway server trust prod-1' },
    {
      does: 'pin it',
      run: 'slipway server trust prod-1 --fingerprint SHA256:r38bMguTBgWPIxj1r50zf7TpgYcIXsdI9Q4TYHnHkmc',
    },
    {
      does: 'after the server was installed again',
      run: 'slipway server trust prod-1 --replace --fingerprint SHA256:…',
    },
    { does: 'the host from which a server fetches its code', run: 'slipway server trust github.com' },
  ],
  arguments: {
    server: {
      does: 'its name under `servers` in slipway.yaml, or the host of a `source.git.repository` over SSH',
      required: true,
    },
  },
  options: {
    fingerprint: { kind: 'text', value: 'SHA256:…', does: 'pin the key if it has this fingerprint' },
    any: { kind: 'flag', does: 'pin whatever key answers; only where nobody can stand in between' },
    replace: { kind: 'flag', does: 'another key was pinned before: replace it' },
  },
  onInterrupt: 'leave',
  exits: { ...commonExits, [exitCodes.changesPending]: 'shown only: nothing is pinned yet' },
  handler: () => import('../commands/server/trust.ts'),
})

export const serverCheckCommand = defineCommand({
  name: 'server check',
  group: 'Servers',
  summary: 'show what a set-up would change on a server; changes nothing',
  examples: [
    { does: 'is the server as it should be?', run: 'slipway server check prod-1' },
    {
      does: 'what would change, for a script',
      run: 'slipway server check prod-1 --json | jq -r \'.result.controls[] | select(.state == "pending").id\'',
    },
  ],
  arguments: server,
  options: { login, all: { kind: 'flag', does: 'also show the controls that hold' } },
  onInterrupt: 'leave',
  exits: { ...commonExits, [exitCodes.changesPending]: 'a set-up would change something, or a person has to' },
  handler: () => import('../commands/server/check.ts'),
})

export const serverSetUpCommand = defineCommand({
  name: 'server setup',
  group: 'Servers',
  summary: 'make a fresh Debian or Ubuntu server one that takes deployments',
  details:
    'Docker, the user who deploys, updates, firewall, bans, SSH by keys only. May be repeated: what holds is left alone. Before what could lock you out the server arms a way back, which is taken away only after a new login has succeeded.',
  examples: [
    { does: 'the first time, as root', run: 'slipway server setup prod-1' },
    { does: 'on a machine where another user becomes root', run: 'slipway server setup prod-1 --login admin' },
  ],
  arguments: server,
  options: { login, guard },
  onInterrupt: 'safe point',
  exits: {
    ...commonExits,
    [exitCodes.locked]: 'another set-up of this server is under way',
    [exitCodes.interrupted]: 'interrupted between two topics',
  },
  handler: () => import('../commands/server/set-up.ts'),
})

export const serverHardenCommand = defineCommand({
  name: 'server harden',
  group: 'Servers',
  summary: 'only what keeps others out: updates, kernel, bans, firewall, SSH',
  details: 'The part of `server setup` for a server on which Docker is looked after by somebody else.',
  examples: [{ does: 'close an older server', run: 'slipway server harden prod-1' }],
  arguments: server,
  options: { login, guard },
  onInterrupt: 'safe point',
  exits: {
    ...commonExits,
    [exitCodes.locked]: 'another set-up of this server is under way',
    [exitCodes.interrupted]: 'interrupted between two topics',
  },
  handler: () => import('../commands/server/harden.ts'),
})

export const serverShowCommand = defineCommand({
  name: 'server show',
  group: 'Servers',
  summary: 'show system, disk, memory and Docker of a server, and whether it wants a reboot',
  examples: [{ does: 'how is it doing?', run: 'slipway server show prod-1' }],
  arguments: server,
  options: { login },
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/server/show.ts'),
})

export const serverSshCommand = defineCommand({
  name: 'server ssh',
  group: 'Servers',
  summary: 'open a shell on a server, known by its pinned key',
  examples: [
    { does: 'log in', run: 'slipway server ssh prod-1' },
    { does: 'one command', run: 'slipway server ssh prod-1 "docker ps"' },
  ],
  arguments: { ...server, command: { does: 'a line for the shell there', required: false } },
  options: {},
  onInterrupt: 'safe point',
  exits: commonExits,
  handler: () => import('../commands/server/ssh.ts'),
})

export const serverUpgradeCommand = defineCommand({
  name: 'server upgrade',
  group: 'Servers',
  summary: 'upgrade Docker on a server, and see that all containers run again',
  details: 'Docker is left out of automatic updates: this is how it gets its own. Containers go on running meanwhile.',
  examples: [{ does: 'on a quiet evening', run: 'slipway server upgrade prod-1' }],
  arguments: server,
  options: { login },
  onInterrupt: 'safe point',
  exits: { ...commonExits, [exitCodes.needsPerson]: 'a container that ran before does not run now' },
  handler: () => import('../commands/server/upgrade.ts'),
})

export const serverRemoveCommand = defineCommand({
  name: 'server remove',
  group: 'Servers',
  summary: 'forget the pinned key of a server; nothing changes on it',
  examples: [{ does: 'it was given back to the provider', run: 'slipway server remove old-1' }],
  arguments: server,
  options: {},
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/server/remove.ts'),
})
