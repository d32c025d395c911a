// From measurements to rows: { name, value, unit, against, ratio } and, where there is one, the bar. Pure.

/** against: what plain `docker compose up` needed for the same, in the same run. bar: what Slipway has to reach. */
export function rows({ compose, slipway, commandLine }) {
  const { codeOnly, migration, failed, neverHealthy, rollback, held } = slipway
  return [
    ...userRows('code only', codeOnly, compose.codeOnly),
    ...userRows('with a migration', migration, compose.codeOnly),
    ...userRows('crash loop', failed, compose.failed),
    ...userRows('never healthy', neverHealthy, compose.neverHealthy),
    ...userRows('rollback', rollback, compose.rollback),
    row('code only: until the new version answers', codeOnly.switchedSeconds, 's', {
      against: compose.codeOnly.switchedSeconds,
    }),
    row('with a migration: until the new version answers', migration.switchedSeconds, 's', {
      against: compose.codeOnly.switchedSeconds,
    }),
    row('crash loop: until all is back (compose: put back by hand at once)', failed.seconds, 's', {
      against: compose.failed.seconds,
    }),
    row('never healthy: until all is back (compose: put back when known)', neverHealthy.seconds, 's', {
      against: compose.neverHealthy.seconds,
    }),
    row('rollback, warm: until the old version answers', rollback.switchedSeconds, 's', {
      against: compose.rollback.switchedSeconds,
      bar: 1,
    }),
    row('code only: whole deployment', codeOnly.seconds, 's', { against: compose.codeOnly.seconds }),
    row("code only: beyond the app's boot", codeOnly.seconds - slipway.boot, 's', { bar: 5 }),
    row('with a migration: whole deployment, rehearsal included', migration.seconds, 's', {}),
    row('with a migration: requests held for', (migration.result.heldMs ?? 0) / 1000, 's', { bar: 0 }),
    row('not rehearsed: requests failed', held.traffic.failed, 'requests', { bar: 0 }),
    row('not rehearsed: requests held for', (held.result.heldMs ?? 0) / 1000, 's', {}),
    row('not rehearsed: longest answer', held.traffic.latencyMs.max, 'ms', {}),
    row('nothing has changed: whole deployment', slipway.unchangedSeconds, 's', { bar: 2 }),
    row('code only: ready to switched', betweenMs(codeOnly.result.events, 'gate', 'switch'), 'ms', { bar: 100 }),
    row('with a migration: ready to switched', betweenMs(migration.result.events, 'gate', 'switch'), 'ms', {}),
    row('crash loop noticed after', noticedMs(failed.result.events) / 1000, 's', { bar: 3 }),
    row('slipway --version above bare node', commandLine.slipway - commandLine.node, 'ms', { bar: 150 }),
  ]
}

/** Against a rolling update as docker-rollout makes it, in the same run. */
export function rolloutRows({ rollout, slipway }) {
  const { codeOnly, failed, neverHealthy } = slipway
  const beside = (what, ours, theirs) => [
    row(`${what}: requests failed`, ours.traffic.failed, 'requests', { against: theirs.traffic.failed, bar: 0 }),
    row(`${what}: latency p99`, ours.traffic.latencyMs.p99, 'ms', { against: theirs.traffic.latencyMs.p99 }),
    row(`${what}: until all is done`, ours.seconds, 's', { against: theirs.seconds }),
  ]
  return [
    ...beside('rolling update', codeOnly, rollout.codeOnly),
    ...beside('rolling update, 5 s for DNS', codeOnly, rollout.waiting),
    ...beside('rolling update, crash loop', failed, rollout.crashLoop),
    ...beside('rolling update, never healthy', neverHealthy, rollout.neverHealthy),
  ]
}

/** All requests of ten deployments of all kinds, beside all requests at rest before, between and after them. */
export function latencyRows({ rest, during, failed }) {
  const beside = share => row(`ten deployments: latency ${share}`, during[share], 'ms', {})
  return [
    row('ten deployments: requests failed', failed, 'requests', { bar: 0 }),
    row('ten deployments: requests', during.requests, 'requests', {}),
    ...['p50', 'p90', 'p99', 'max'].map(beside),
    ...['p50', 'p90', 'p99', 'max'].map(share => row(`at rest, between them: latency ${share}`, rest[share], 'ms', {})),
    row('ten deployments: p99 in times of p99 at rest', during.p99 / rest.p99, '×', { bar: 2 }),
  ]
}

/** A deployment with a database of a certain size: with all rows in the rehearsal, and with none. */
export function databaseRows({ bytes, full, schema, boot }) {
  const name = `database of ${Math.round(bytes / 1_000_000)} MB`
  const steps = events => events.filter(event => event.type === 'step-finished' && event.seconds >= 0.1)
  // Both the old release, on the copy, and the new one have to boot.
  const boots = 2 * boot
  const of = (what, { result, seconds }) => [
    row(`${what}: whole deployment`, seconds, 's', {}),
    row(`${what}: beyond the app's boots`, seconds - boots, 's', { bar: 10 }),
    row(`${what}: requests held for`, (result.heldMs ?? 0) / 1000, 's', { bar: 0 }),
    ...steps(result.events).map(step => row(`${what}: ${step.step}`, step.seconds, 's', {})),
  ]
  return [...of(name, full), ...of(`${name}, rehearse: schema`, schema)]
}

function userRows(what, ours, theirs) {
  return [
    row(`${what}: requests failed`, ours.traffic.failed, 'requests', { against: theirs.traffic.failed, bar: 0 }),
    row(`${what}: latency p50`, ours.traffic.latencyMs.p50, 'ms', { against: theirs.traffic.latencyMs.p50 }),
    row(`${what}: latency p99`, ours.traffic.latencyMs.p99, 'ms', { against: theirs.traffic.latencyMs.p99 }),
    row(`${what}: latency max`, ours.traffic.latencyMs.max, 'ms', { against: theirs.traffic.latencyMs.max }),
  ]
}

function row(name, value, unit, { against, bar }) {
  const shown = rounded(value)
  return {
    name,
    value: shown,
    unit,
    against: against === undefined ? null : rounded(against),
    ratio: against === undefined || against === 0 ? null : rounded(value / against),
    ...(bar === undefined ? {} : { bar, met: shown <= bar }),
  }
}

/** From the end of one step to the end of the other. */
function betweenMs(events, from, to) {
  return at(events, 'step-finished', to) - at(events, 'step-finished', from)
}

/** From the moment in which all containers were started. */
function noticedMs(events) {
  return at(events, 'step-failed', 'gate') - at(events, 'step-finished', 'start')
}

function at(events, type, step) {
  const event = events.find(each => each.type === type && each.step === step)
  if (event === undefined) throw new Error(`the deployment has no event ${type} ${step}`)
  return Date.parse(event.at)
}

const rounded = value => Math.round(value * 1000) / 1000
