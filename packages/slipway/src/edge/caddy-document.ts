/** The parts of Caddy's JSON that front and door have in common. Pure. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/**
 * Caddy's admin API on a Unix socket. Caddy before 2.9 refuses every Host that it was not told of;
 * Node always sends one, so both agree on a name.
 */
export function adminSection(socket: string): Json {
  return { listen: `unix/${socket}`, origins: [adminHost], config: { persist: false } }
}

export const adminHost = 'slipway'

/** Requests are the app's business to log; what goes wrong between front and app is worth a line. */
export const loggingSection: Json = { logs: { default: { level: 'WARN' } } }

/** Private headers that carry what the front knows of the client over the Unix socket, where Caddy strips X-Forwarded-*. */
export const carried = [
  { field: 'X-Forwarded-For', by: 'Slipway-Forwarded-For', from: 'forwarded_for' },
  { field: 'X-Forwarded-Proto', by: 'Slipway-Forwarded-Proto', from: 'forwarded_proto' },
  { field: 'X-Forwarded-Host', by: 'Slipway-Forwarded-Host', from: 'forwarded_host' },
] as const

/** On answers that a door made itself because the app did not. */
export const doorHeader = 'Slipway-Door'
export const noAnswer = 'no-answer'

/** A request with the first is told by the second which release answered it. */
export const probeHeader = 'Slipway-Probe'
export const releaseHeader = 'Slipway-Release'

/**
 * From the front to a door: a connection for each request. A kept one to the old release would outlive a switch.
 * From a door to the app: kept, but never idle for longer than `idleTimeout`. Without keep-alive an app that answers
 * a POST before it has read all of it resets the connection, and the answer is lost; kept for longer than the app
 * itself keeps it (5 s in Node, 2 s in gunicorn), a connection could be closed at the moment it is used.
 */
export function transport(dialTimeout: string, idleTimeout?: string): Json {
  return {
    protocol: 'http',
    dial_timeout: dialTimeout,
    keep_alive:
      idleTimeout === undefined
        ? { enabled: false }
        : { enabled: true, idle_timeout: idleTimeout, max_idle_conns_per_host: 64 },
    // The client's own wish travels through untouched.
    compression: false,
    versions: ['1.1'],
  }
}

/**
 * Keeps answers to requests with a body whole. When an answer begins, Go's server closes the request's body, while its
 * client still asks that body whether more follows; the refusal makes the client close the connection it is reading
 * the answer from, and the answer ends early (or, before Caddy 2.8, looks complete and is empty): 1 of 500 POSTs on a
 * busy machine. A limit on the body, however high, remembers its end, so that nobody asks again.
 */
export const wholeAnswers: Json = { handler: 'request_body', max_size: 2 ** 50 }

/** Caddy's own name is on the answer already; without this the app's `Server` would come beside it. */
export const withoutServerName: Json = { handler: 'headers', response: { delete: ['Server'] } }

/** Equal whatever the order of keys. */
export function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other))
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]))
}
