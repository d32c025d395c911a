import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../../packages/slipway/src/support/run.ts'
import { dockerOk } from './lab.ts'

/**
 * A certificate authority that is asked by ACME, as the public ones are: Caddy's, in a container and a network of its
 * own. It proves a name by asking this machine on ports 80 and 443, and finds those of the lab's front there.
 */
export async function startAuthority(
  { prefix, directory, ports }: { prefix: string; directory: string; ports: { http: number; https: number } },
  names: readonly string[],
): Promise<Authority> {
  const name = `${prefix}-authority`
  const subnet = `10.${randomInt(180, 250)}.${randomInt(1, 250)}`
  const [machine, own] = [`${subnet}.1`, `${subnet}.2`]
  await dockerOk(['network', 'create', '--subnet', `${subnet}.0/24`, '--gateway', machine, name])
  const config = join(directory, 'authority.json')
  await writeFile(config, JSON.stringify(authorityConfig(own)))
  await dockerOk([
    ...['run', '--detach', '--name', name, '--network', name, '--ip', own],
    ...names.map(each => `--add-host=${each}:${machine}`),
    ...['--volume', `${config}:/config.json:ro`, 'caddy:2', 'caddy', 'run', '--config', '/config.json'],
  ])
  const process = (await dockerOk(['inspect', '--format', '{{.State.Pid}}', name])).trim()
  for (const [asked, found] of [
    [80, ports.http],
    [443, ports.https],
  ]) {
    const rule = ['-t', 'nat', '-A', 'OUTPUT', '-d', machine, '-p', 'tcp', '--dport', String(asked)]
    const to = ['-j', 'DNAT', '--to-destination', `${machine}:${found}`]
    const { exitCode, stderr } = await run('nsenter', ['--net', '--target', process, 'iptables', ...rule, ...to])
    if (exitCode !== 0) throw new Error(stderr)
  }
  const rootsFile = '/data/caddy/pki/authorities/local/root.crt'
  let roots = ''
  for (let attempt = 0; roots === '' && attempt < 50; attempt++) {
    roots = await dockerOk(['exec', name, 'cat', rootsFile]).catch(() => '')
    await new Promise(next => setTimeout(next, 100))
  }
  await writeFile(join(directory, 'roots.pem'), roots)
  return {
    // As the front sees it.
    issuer: { directory: `https://${own}/acme/local/directory`, rootsFile: '/edge/roots.pem' },
    roots,
    async stop() {
      await run('docker', ['rm', '--force', '--volumes', name])
      await run('docker', ['network', 'rm', name])
    },
  }
}

export interface Authority {
  issuer: { directory: string; rootsFile: string }
  roots: string
  stop(): Promise<void>
}

function authorityConfig(address: string): object {
  return {
    apps: {
      pki: { certificate_authorities: { local: { install_trust: false } } },
      tls: { automation: { policies: [{ subjects: [address], issuers: [{ module: 'internal' }] }] } },
      http: {
        servers: {
          authority: {
            listen: [':443'],
            routes: [{ match: [{ host: [address] }], handle: [{ handler: 'acme_server' }], terminal: true }],
            tls_connection_policies: [{ default_sni: address }],
          },
        },
      },
    },
  }
}
