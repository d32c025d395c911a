import { expect, test } from 'vitest'
import { offeredArgv, pathName, portsToTry, takenArgv } from '../../src/engine/path-argv.ts'
import { pathPorts } from '../../src/support/path-ports.ts'
import { release } from './sample.ts'

const container = {
  release: release('r7'),
  network: 'shop-prod-r7_slipway-path',
  address: '10.0.0.4',
  port: 25_440,
  image: 'slipway-runner:1',
  command: '__relay',
}

test('where the database is, it is published on the private address alone, and passed on by its name in the network', () => {
  const argv = offeredArgv({ ...container, service: 'db' })
  expect(argv.slice(argv.indexOf('--network'))).toEqual([
    ...['--network', 'shop-prod-r7_slipway-path', '--publish', '10.0.0.4:25440:5432'],
    ...['--', 'slipway-runner:1', '__relay', '5432', 'db', '5432'],
  ])
  const six = offeredArgv({ ...container, address: 'fd00::4', service: 'db' })
  expect(six).toContain('[fd00::4]:25440:5432')
})

test('elsewhere nothing is published', () => {
  const argv = takenArgv(container)
  expect(argv.slice(argv.indexOf('--network'))).toEqual([
    ...['--network', 'shop-prod-r7_slipway-path'],
    ...['--', 'slipway-runner:1', '__relay', '5432', '10.0.0.4', '25440'],
  ])
  expect(argv).not.toContain('--publish')
})

test('both go with the release, come back with the machine, and may do nothing but pass on', () => {
  for (const argv of [offeredArgv({ ...container, service: 'db' }), takenArgv(container)]) {
    const words = argv.join(' ')
    expect(words).toContain(`--name ${pathName(container.release)} --restart always`)
    expect(words).toContain('--label slipway.project=shop-prod --label slipway.release=r7 --label slipway.role=path')
    expect(words).toContain('--user 65534:65534 --read-only --cap-drop ALL --security-opt no-new-privileges')
    expect(words).not.toContain('docker.sock')
  }
})

test('two releases beside each other begin at two ports, and every port is one that a firewall was told of', () => {
  const [seven, eight] = [portsToTry(release('r7')), portsToTry(release('r8'))]
  expect(seven[0]).not.toBe(eight[0])
  for (const port of portsToTry(release('r999999'))) {
    expect(port).toBeGreaterThanOrEqual(pathPorts.first)
    expect(port).toBeLessThanOrEqual(pathPorts.last)
  }
  expect(new Set(seven).size).toBe(seven.length)
})
