import type { Facts } from '../../../src/servers/setup/facts.ts'
import type { Situation } from '../../../src/servers/setup/topic.ts'
import type { Wishes } from '../../../src/servers/setup/wishes.ts'

const facts: Facts = {
  system: 'debian',
  version: '12',
  codename: 'bookworm',
  title: 'Debian GNU/Linux 12 (bookworm)',
  architecture: 'amd64',
  container: 'none',
  user: 'root',
  root: 'is root',
  clientAddress: '203.0.113.7',
  serverPort: 22,
  memoryMegabytes: 4096,
  systemd: true,
}

export const wishes: Wishes = {
  user: 'deploy',
  app: 'shop',
  adminAddresses: [],
  openPorts: [],
  neighbours: [],
  swapMegabytes: 2048,
}

export const machine: Situation = { facts, wishes }
export const container: Situation = { facts: { ...facts, container: 'lxc' }, wishes }

/** What no slipway.yaml may say, and a server might: the scripts must not depend on others having looked. */
export const hostileSituation: Situation = {
  facts: { ...facts, user: "root'; touch marker; '", clientAddress: '$(touch marker)' },
  wishes: { ...wishes, user: '"; touch marker; `touch marker`', app: "../../$(touch marker)'" },
}
