import type { Release } from '../release/model.ts'
import type { Answered } from '../release/ports.ts'
import { adminRequest } from './caddy-admin.ts'
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

/** Reads Caddy's metrics: each request counts once, where it is handed to the app. Pure. */
export function answeredIn(metrics: string): Answered {
  const answered: Answered = { requests: 0, failed: 0 }
  for (const line of metrics.split('\n')) {
    const [, name, labels, number] = /^caddy_http_(\w+)\{([^}]*)\} ([\d.e+]+)$/.exec(line) ?? []
    if (labels === undefined || !labels.includes('handler="reverse_proxy"')) continue
    const count = Number(number)
    if (name === 'requests_total') answered.requests += count
    // The app did not answer at all.
    if (name === 'request_errors_total') answered.failed += count
    if (name === 'request_duration_seconds_count' && /code="5\d\d"/.test(labels)) answered.failed += count
  }
  return answered
}
