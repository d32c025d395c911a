// One network for all servers of the lab, with addresses that a server keeps over a restart.
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { largestPacket } from '../daemon.mjs'
import { place } from '../place.mjs'
import { attempt, run, withLock } from '../process.mjs'

export const serverNetwork = 'slipway-lab-servers'

export async function ensureServerNetwork(log, environment) {
  const known = () => attempt('docker', ['network', 'inspect', serverNetwork], { environment })
  if ((await known()).code === 0) return
  // Docker makes a second network of the same name when two ask at once.
  await withLock(join(place.lockDirectory, 'network'), log, async () => {
    if ((await known()).code === 0) return
    const { subnet, gateway, handedOut } = place.serverNetwork
    const addresses = ['--subnet', subnet, '--gateway', gateway, '--ip-range', handedOut]
    const settings = [...addresses, '--opt', `com.docker.network.driver.mtu=${largestPacket()}`]
    await run('docker', ['network', 'create', ...settings, serverNetwork], { environment })
  })
}

/** An address that is probably free: Docker refuses one that is not, and then another is tried. */
export function someAddress() {
  return `198.18.${randomInt(65, 112)}.${randomInt(1, 255)}`
}
