import type { Release } from '../release/model.ts'
import type { Answered, InFlight } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'
import { adminError, adminRequest } from './caddy-admin.ts'
import { countedAs } from './door-config.ts'
import type { EdgeLayout } from './layout.ts'

/** What the release's door has answered since it was opened; undefined: it does not say. Never rejects. */
export async function countAnswered(layout: EdgeLayout, release: Release): Promise<Answered | undefined> {
  const { admin } = layout.door(release.project, release.id)
  try {
    const { status, body } = await adminRequest(admin, { method: 'GET', path: '/metrics', timeoutMs: 1000 })
    return status === 200 ? answeredIn(body) : undefined
  } catch {
    return undefined
  }
}

/** What the release's door is serving. A door that is gone serves nothing. */
export async function countInFlight(layout: EdgeLayout, release: Release): Promise<InFlight> {
  const { admin } = layout.door(release.project, release.id)
  try {
    const answer = await adminRequest(admin, { method: 'GET', path: '/metrics', timeoutMs: 5000 })
    if (answer.status !== 200) throw unknown(release, adminError(answer))
    return inFlightIn(answer.body)
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED'].includes(errorCode(error) ?? '')) {
      return { requests: 0, webSockets: 0, eventStreams: 0 }
    }
    if (error instanceof SlipwayError) throw error
    throw unknown(release, error instanceof Error ? error.message : String(error))
  }
}

/** Reads Caddy's metrics: each request counts once, where the door begins to handle it. Pure. */
export function answeredIn(metrics: string): Answered {
  const answered: Answered = { requests: 0, failed: 0 }
  for (const { name, labels, handler, count } of samples(metrics)) {
    if (handler !== countedAs.request && handler !== countedAs.webSocket) continue
    if (name === 'requests_total') answered.requests += count
    // The app did not answer at all.
    if (name === 'request_errors_total') answered.failed += count
    if (name === 'request_duration_seconds_count' && /code="5\d\d"/.test(labels)) answered.failed += count
  }
  return answered
}

/** Event streams pass on to where requests are counted, so they are in both numbers. Pure. */
export function inFlightIn(metrics: string): InFlight {
  const open = { [countedAs.request]: 0, [countedAs.webSocket]: 0, [countedAs.eventStream]: 0 }
  for (const { name, handler, count } of samples(metrics)) {
    if (name === 'requests_in_flight' && isCounted(handler)) open[handler] += count
  }
  const eventStreams = open[countedAs.eventStream]
  return {
    requests: Math.max(0, open[countedAs.request] - eventStreams),
    webSockets: open[countedAs.webSocket],
    eventStreams,
  }

  function isCounted(handler: string): handler is keyof typeof open {
    return Object.hasOwn(open, handler)
  }
}

interface Sample {
  /** Without `caddy_http_`. */
  name: string
  labels: string
  handler: string
  count: number
}

function samples(metrics: string): Sample[] {
  return metrics.split('\n').flatMap(line => {
    const [, name, labels, number] = /^caddy_http_(\w+)\{([^}]*)\} ([\d.e+]+)$/.exec(line) ?? []
    if (name === undefined || labels === undefined) return []
    return [{ name, labels, handler: /handler="([^"]*)"/.exec(labels)?.[1] ?? '', count: Number(number) }]
  })
}

function unknown(release: Release, why: string): SlipwayError {
  return new SlipwayError('EDGE_FAILED', `It can not be found out what is under way in ${release.id}`, {
    why,
    state: 'What served before still serves.',
  })
}
