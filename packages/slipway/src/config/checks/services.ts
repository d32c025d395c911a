import { field, own } from '../roles.ts'
import { type Check, problem, servicesOf } from './subject.ts'

/** Two releases run side by side, so nothing of a web service or worker may exist only once on a server. */
export const fixedName: Check = subject =>
  servicesOf(subject, 'web', 'worker').flatMap(({ service, compose }) => {
    if (typeof compose.container_name !== 'string') return []
    return problem(
      'error',
      subject.locator.compose(['services', service.name, 'container_name']),
      `\`${service.name}\` has a fixed \`container_name\`: two releases could not run side by side`,
      'Remove `container_name`; other services reach it by its service name.',
    )
  })

export const hostNetwork: Check = subject =>
  servicesOf(subject, 'web').flatMap(({ service, compose }) => {
    if (compose.network_mode !== 'host') return []
    return problem(
      'error',
      subject.locator.compose(['services', service.name, 'network_mode']),
      `web service \`${service.name}\` uses the host's network: two releases would want the same port`,
      'Remove `network_mode: host`; the edge reaches the service on its own network.',
    )
  })

/** Whoever is on a network of others meets the database there, whatever is fenced: also the release that gives way. */
export const sharedDatabase: Check = subject => {
  const database = subject.config.database?.service
  const definition = database === undefined ? undefined : own(subject.document.services, database)
  if (database === undefined || definition === undefined) return []
  const external = Object.keys(definition.networks ?? {}).filter(
    key => subject.document.networks?.[key]?.external === true,
  )
  return servicesOf(subject, 'web', 'worker').flatMap(({ service, compose }) => {
    const shared = external.find(key => Object.hasOwn(compose.networks ?? {}, key))
    if (shared === undefined) return []
    return problem(
      'error',
      subject.locator.compose(['services', service.name, 'networks']),
      `\`${service.name}\` and the database \`${database}\` share the external network \`${shared}\`: while a migration holds requests, the old release could go on writing there`,
      `Take \`${shared}\` from one of them, and give both a network of the app's own.`,
    )
  })
}

/** Without a health check a broken release can not be told from a good one. */
export const healthCheck: Check = subject =>
  servicesOf(subject, 'web', 'worker').flatMap(({ service }) => {
    if (service.dockerHealth || service.health.path !== undefined) return []
    const place = subject.locator.compose(['services', service.name])
    if (service.role === 'web') {
      const message = `web service \`${service.name}\` has no health check: a broken release could not be told from a good one`
      return problem(
        'error',
        place,
        message,
        'Add `health: /health` to slipway.yaml, or a `healthcheck` to the Compose file.',
      )
    }
    const message = `worker \`${service.name}\` has no health check: only a crash is noticed`
    return problem('warning', place, message, 'Add a `healthcheck` to the Compose file.')
  })

export const memoryLimit: Check = subject => {
  if (!subject.config.production) return []
  return servicesOf(subject, 'web', 'worker', 'state').flatMap(({ service, compose }) => {
    const limits = field(field(compose.deploy, 'resources'), 'limits')
    if ((field(limits, 'memory') ?? compose['mem_limit']) !== undefined) return []
    return problem(
      'warning',
      subject.locator.compose(['services', service.name]),
      `\`${service.name}\` has no memory limit in production: a leak takes the whole server down`,
      'Add `deploy: { resources: { limits: { memory: 512M } } }` to the Compose file.',
    )
  })
}

/** What runs in production must be what was tested. */
export const imageTag: Check = subject => {
  if (!subject.config.production) return []
  return servicesOf(subject, 'web', 'worker', 'state', 'job').flatMap(({ service, compose }) => {
    const image = compose.image
    if (typeof image !== 'string' || compose.build !== undefined || image.includes('@')) return []
    const tag = /:([^/:]*)$/.exec(image)?.[1] ?? ''
    if (tag !== '' && tag !== 'latest') return []
    return problem(
      'warning',
      subject.locator.compose(['services', service.name, 'image']),
      `the image of \`${service.name}\` has ${tag === '' ? 'no tag' : 'the tag `latest`'}: it changes without a release`,
      'Name a version, as in postgres:16.4.',
    )
  })
}

/** What is not in a volume is gone with the container. */
export const stateVolume: Check = subject =>
  servicesOf(subject, 'state').flatMap(({ service, compose }) => {
    const mounts = Array.isArray(compose.volumes) ? compose.volumes : []
    const named = mounts.some(mount => field(mount, 'type') === 'volume' && typeof field(mount, 'source') === 'string')
    if (named) return []
    const bound = mounts.some(mount => field(mount, 'type') === 'bind')
    return problem(
      'warning',
      subject.locator.compose(['services', service.name, bound ? 'volumes' : 'image']),
      bound
        ? `state service \`${service.name}\` keeps its data in a folder of the server, not in a named volume`
        : `state service \`${service.name}\` has no named volume: its data is gone with its container`,
      `Add \`volumes: ["${service.name}-data:/path/of/its/data"]\` to the Compose file.`,
    )
  })
