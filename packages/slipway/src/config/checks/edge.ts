import type { Problem } from '../../support/errors.ts'
import { field, portsOf } from '../roles.ts'
import { type Check, problem, type Subject, servicesOf } from './subject.ts'

export const edgeMissing: Check = subject => {
  const web = servicesOf(subject, 'web').map(({ service }) => `\`${service.name}\``)
  if (web.length === 0 || subject.config.edge.mode !== 'none') return []
  return [
    problem(
      'error',
      subject.locator.setting(['edge']),
      `${web.join(', ')} ${web.length === 1 ? 'is a web service' : 'are web services'}, but there is no \`edge\` to reach ${web.length === 1 ? 'it' : 'them'}`,
      'Add `edge: { domain: app.example.com }` or `edge: { listen: "0.0.0.0:3000" }`; a service without traffic is `role: worker`.',
    ),
  ]
}

/** With an edge, Slipway leaves out the published port of a web service: the edge is its way in. */
export const publishedPort: Check = subject =>
  servicesOf(subject, 'web', 'worker').flatMap(({ service, compose }) => {
    const [published] = publishedPorts(compose.ports)
    if (published === undefined || (service.role === 'web' && subject.config.edge.mode !== 'none')) return []
    const place = subject.locator.compose(['services', service.name, 'ports'])
    const message = `${service.role === 'web' ? 'web service' : 'worker'} \`${service.name}\` publishes port ${published} on the server: two releases could not run side by side`
    const mend =
      service.role === 'web' ? 'Add an `edge` to slipway.yaml; it takes the port.' : 'Use `expose` instead of `ports`.'
    return problem('error', place, message, mend)
  })

/** State services keep their published ports, so these are taken when the edge starts. */
export const portTaken: Check = subject => {
  const { edge } = subject.config
  const wanted = edge.mode === 'domains' ? ['80', '443'] : [String(edge.listen?.port)]
  if (edge.mode === 'none') return []
  return servicesOf(subject, 'state', 'job').flatMap(({ service, compose }) => {
    const taken = publishedPorts(compose.ports).find(port => wanted.includes(port))
    if (taken === undefined) return []
    const message = `\`${service.name}\` publishes port ${taken}, where the edge should listen`
    return problem(
      'error',
      subject.locator.compose(['services', service.name, 'ports']),
      message,
      'Give one of them another port.',
    )
  })
}

/** Docker's own rules let published ports past the server's firewall. */
export const stateReachable: Check = subject => {
  if (!subject.config.production) return []
  return servicesOf(subject, 'state').flatMap(({ service, compose }) => {
    const open = portsOf(compose).some(port => isPublished(port) && !isLoopback(field(port, 'host_ip')))
    if (!open) return []
    const message = `state service \`${service.name}\` is open to the network: Docker's ports pass by the firewall`
    return problem(
      'warning',
      subject.locator.compose(['services', service.name, 'ports']),
      message,
      'Bind it to 127.0.0.1, or remove `ports`.',
    )
  })
}

/** The edge chooses by host name; one service at most may take what the others do not claim. */
export const hostsTellApart: Check = subject => {
  const [first, ...others] = servicesOf(subject, 'web').filter(({ service }) => service.hosts.length === 0)
  if (first === undefined) return []
  return others.map(({ service }) =>
    problem(
      'error',
      subject.locator.compose(['services', service.name]),
      `the edge can not tell \`${service.name}\` from \`${first.service.name}\`: both are web services without \`hosts\``,
      `Add \`services: { ${service.name}: { hosts: [${service.name}.example.com] } }\` to slipway.yaml, or make it \`role: worker\`.`,
    ),
  )
}

export const hostClaimedTwice: Check = subject => {
  const claims = new Map<string, string>()
  const problems: Problem[] = []
  for (const { service } of servicesOf(subject, 'web')) {
    for (const [index, host] of service.hosts.entries()) {
      const other = claims.get(host)
      claims.set(host, other ?? service.name)
      if (other === undefined) continue
      const place = subject.locator.setting(['services', service.name, 'hosts', index])
      const by = other === service.name ? 'twice' : `by \`${other}\` and by \`${service.name}\``
      problems.push(problem('error', place, `the host ${host} is claimed ${by}`, 'Leave it with one of them.'))
    }
  }
  return problems
}

/** Settings of the edge on a service that the edge never sees. */
export const hostsWithoutWeb: Check = subject =>
  servicesOf(subject, 'worker', 'state', 'job').flatMap(({ service }) => {
    const said = hostsSaid(subject, service.name)
    if (said.length === 0) return []
    const message = `\`${service.name}\` has \`hosts\` but is a ${service.role}: the edge sends it nothing`
    return problem(
      'error',
      subject.locator.setting(['services', service.name, 'hosts']),
      message,
      'Remove `hosts`, or make it `role: web`.',
    )
  })

export const listenPort: Check = subject => {
  const port = subject.config.edge.listen?.port
  if (port === undefined || (Number.isInteger(port) && port >= 1 && port <= 65535)) return []
  return [problem('error', subject.locator.setting(['edge', 'listen']), `${port} is not a port`, 'Use 1 to 65535.')]
}

function hostsSaid(subject: Subject, name: string): string[] {
  const { services } = subject.config
  return Object.hasOwn(services, name) ? (services[name]?.hosts ?? []) : []
}

function publishedPorts(ports: unknown): string[] {
  return (Array.isArray(ports) ? ports : []).filter(isPublished).map(port => String(field(port, 'published')))
}

function isPublished(port: unknown): boolean {
  const published = field(port, 'published')
  return published !== undefined && published !== null && published !== ''
}

function isLoopback(address: unknown): boolean {
  return typeof address === 'string' && (address.startsWith('127.') || address === '::1' || address === 'localhost')
}
