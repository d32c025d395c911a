import type { PlacedServer } from '../model.ts'
import { registryOf } from '../image-registry.ts'
import { type DetectedService, field } from '../roles.ts'
import { unknownService } from './names.ts'
import { type Check, problem, servicesOf, type Subject } from './subject.ts'

/** What can not work, or not as one would think, when the services of an environment run on several servers. */

export const placedServicesKnown: Check = subject =>
  serversOf(subject).flatMap(({ name, services }) =>
    services.flatMap((service, index) => unknownService(subject, service, ['servers', name, 'services', index])),
  )

/** A service that nobody named would run nowhere, and nobody would notice. */
export const placedNowhere: Check = subject => {
  const servers = serversOf(subject)
  if (servers.length === 0) return []
  return servicesOf(subject, 'web', 'worker', 'state').flatMap(({ service }) => {
    if (placesOf(subject, service.name).length > 0) return []
    return problem(
      'error',
      subject.locator.setting(['servers']),
      `no server runs the ${kinds[service.role]} \`${service.name}\``,
      `Add it to the \`services\` of one: ${servers.map(({ name }) => name).join(', ')}.`,
    )
  })
}

/** Two databases of one name, each with its own half of the data. */
export const stateOnce: Check = subject =>
  servicesOf(subject, 'state').flatMap(({ service }) => {
    const [first, ...others] = placesOf(subject, service.name)
    if (first === undefined) return []
    return others.map(server =>
      problem(
        'error',
        subject.locator.setting(['servers', server.name, 'services']),
        `the state service \`${service.name}\` is on \`${first.name}\` and on \`${server.name}\`: each would have data of its own`,
        'Leave it on one of them.',
      ),
    )
  })

/** Jobs run once for the whole release, beside the database. */
export const jobsUnplaced: Check = subject =>
  servicesOf(subject, 'job').flatMap(({ service }) =>
    placesOf(subject, service.name).map(server =>
      problem(
        'error',
        subject.locator.setting(['servers', server.name, 'services']),
        `\`${service.name}\` is a job: it has no server of its own, \`${subject.config.placement?.decides ?? ''}\` runs it for all`,
        `Take it out of the services of \`${server.name}\`.`,
      ),
    ),
  )

/** An image that is built, or that has a tag nobody looks up, may be another one on each server. */
export const sameImages: Check = subject => {
  if (subject.config.placement === undefined) return []
  const { registries = {}, migrate } = subject.config
  const brought = servicesOf(subject, 'web', 'worker', 'job').filter(
    ({ service }) => service.role !== 'job' || service.name === migrate?.service,
  )
  return brought.flatMap(({ service, compose }) => {
    const isPinned = typeof compose.image === 'string' && /@sha256:[0-9a-f]{64}$/.test(compose.image)
    // What a digest names is there already, whatever `build` says.
    if (isPinned) return []
    if (typeof compose.image === 'string' && compose.build === undefined) {
      const registry = registryOf(compose.image)
      if (Object.hasOwn(registries, registry)) return []
      return problem(
        'error',
        subject.locator.compose(['services', service.name, 'image']),
        `the image of \`${service.name}\` has no digest: two servers could get two images`,
        `Name it by its digest, or have its tag looked up: \`registries: { "${registry}": }\` in slipway.yaml.`,
      )
    }
    return problem(
      'error',
      subject.locator.compose(['services', service.name, 'build']),
      `\`${service.name}\` is built: each of several servers would build an image of its own`,
      'Build it once, push it to a registry, and name it by `image`, with its digest or a tag of `registries`.',
    )
  })
}

/** The path to the database is passed on to every server; that to other services is not. */
export const dependsElsewhere: Check = subject => {
  const { placement } = subject.config
  if (placement === undefined) return []
  return servicesOf(subject, 'web', 'worker', 'state').flatMap(({ service, compose }) =>
    dependenciesOf(compose.depends_on).flatMap(needed => {
      const other = subject.services.find(each => each.name === needed)
      if (other === undefined || other.role === 'job' || needed === placement.database) return []
      const apart = placesOf(subject, service.name).find(server => !server.services.includes(needed))
      const there = placesOf(subject, needed)[0]
      if (apart === undefined || there === undefined) return []
      return problem(
        'error',
        subject.locator.compose(['services', service.name, 'depends_on']),
        `\`${service.name}\` on \`${apart.name}\` depends on \`${needed}\`, which is on \`${there.name}\`: only the database is reached by its name from other servers`,
        `Put both on one server, or give \`${service.name}\` another address of it and take it out of its \`depends_on\`.`,
      )
    }),
  )
}

/** A volume is a folder of one server. */
export const volumeApart: Check = subject => {
  const users = new Map<string, Set<string>>()
  for (const { service, compose } of servicesOf(subject, 'web', 'worker', 'state')) {
    for (const volume of namedVolumes(compose.volumes)) {
      const servers = users.get(volume) ?? new Set()
      for (const { name } of placesOf(subject, service.name)) servers.add(name)
      users.set(volume, servers)
    }
  }
  return [...users].flatMap(([volume, servers]) => {
    if (servers.size < 2) return []
    return problem(
      'warning',
      subject.locator.compose(['volumes', volume]),
      `the volume \`${volume}\` is another one on each of ${[...servers].join(', ')}: what is written to it on one is not on the others`,
      'Keep what they share in the database or an object store.',
    )
  })
}

/** The certificate authority asks the address that it finds, which may be the other server's. */
export const certificatesApart: Check = subject => {
  if (subject.config.edge.mode !== 'domains') return []
  const shared = servicesOf(subject, 'web').filter(({ service }) => placesOf(subject, service.name).length > 1)
  return shared
    .slice(0, 1)
    .map(({ service }) =>
      problem(
        'warning',
        subject.locator.setting(['edge', 'domain']),
        `\`${service.name}\` is on ${placesOf(subject, service.name).length} servers, and each wants certificates of its own for the same names`,
        'Put a load balancer in front that has the certificates, and use `edge: { listen: "…" }`; or make sure that each server can be asked for them.',
      ),
    )
}

const kinds: Record<DetectedService['role'], string> = {
  web: 'web service',
  worker: 'worker',
  state: 'state service',
  job: 'job',
}

function serversOf({ config }: Subject): readonly PlacedServer[] {
  return config.placement?.servers ?? []
}

function placesOf(subject: Subject, service: string): PlacedServer[] {
  return serversOf(subject).filter(({ services }) => services.includes(service))
}

function dependenciesOf(written: unknown): string[] {
  if (Array.isArray(written)) return written.map(String)
  return typeof written === 'object' && written !== null ? Object.keys(written) : []
}

function namedVolumes(mounts: unknown): string[] {
  if (!Array.isArray(mounts)) return []
  return mounts.flatMap(mount => {
    const source = field(mount, 'source')
    return field(mount, 'type') === 'volume' && typeof source === 'string' ? [source] : []
  })
}
