// Steady traffic against an app on this machine, and a ledger of every write that the app acknowledged.
// Open loop: requests leave at their time whether or not earlier ones were answered, as strangers' requests do. A client
// that waited for each answer would send nothing while the app is down, and so would hardly notice.
import { Agent } from 'node:http'
import { ask } from './ask.mjs'
import { openLedger } from './ledger.mjs'
import { loopbackAddress } from './loopback.mjs'
import { plan } from './plan.mjs'
import { send } from './send.mjs'
import { Tally } from './tally.mjs'

const usualTimeoutMs = 60_000
const tickMs = 5

/**
 * baseUrl: http:// and a loopback address. rate: requests a second. hosts: values of the Host header, in turn.
 * writes: { path, makeBody(id), share = 1/3, host?, acknowledges?(body, id) }. reads: [{ path, host?, check?(body) }] in turn.
 * versionOf(body): which version answered. ledgerFile: acknowledged ids are appended there too, one a line.
 * heard({ dueAt, milliseconds, ok }): is called with every answer; the times are those of performance.now().
 */
export function startTraffic({
  baseUrl,
  rate,
  hosts = [],
  writes,
  reads = [],
  timeoutMs = usualTimeoutMs,
  versionOf,
  ledgerFile,
  heard = () => undefined,
}) {
  if (!(rate > 0 && rate <= 5000))
    throw new RangeError(`rate must be above 0 and at most 5000 requests a second, not ${rate}`)
  const target = loopbackAddress(baseUrl)
  const agent = new Agent({
    keepAlive: true,
    maxSockets: Number.POSITIVE_INFINITY,
    maxFreeSockets: 1024,
    scheduling: 'fifo',
  })
  const next = plan({ reads, writes, hosts, versionOf })
  const tally = new Tally()
  const ledger = openLedger(ledgerFile)
  const outstanding = new Set()
  const began = performance.now()
  let due = 0
  let stopped

  function launch(dueAt) {
    const request = next()
    tally.sent(request.kind)
    const answered = send({ target, agent, request, timeoutMs }).then(result => {
      if (result.ok && request.id !== undefined) ledger.acknowledge(request.id)
      tally.answered(request, result, dueAt)
      heard({ dueAt, milliseconds: performance.now() - dueAt, ok: result.ok })
    })
    outstanding.add(answered)
    void answered.finally(() => outstanding.delete(answered))
  }

  const timer = setInterval(() => {
    const dueNow = Math.floor(((performance.now() - began) * rate) / 1000)
    for (; due < dueNow; due += 1) {
      const dueAt = began + ((due + 1) * 1000) / rate
      tally.late(performance.now() - dueAt)
      launch(dueAt)
    }
  }, tickMs)

  async function end() {
    clearInterval(timer)
    tally.sendingEnded()
    await Promise.all(outstanding)
    agent.destroy()
    await ledger.close()
    return tally.summary()
  }

  return {
    /** How things stand now. */
    summary: () => tally.summary(),
    /** Ends the sending, waits for every outstanding answer, and tells how it went. */
    stop: () => (stopped ??= end()),
    /**
     * Compares the ledger with what the app has. `listIds`: { path, host } that answers a JSON array of ids, the path
     * alone, or a function that returns them. Throws when the list can not be had: nothing was proved then.
     */
    async verify(listIds) {
      // What is acknowledged while the app lists may rightly be missing in its list.
      const compare = ledger.asOfNow()
      if (typeof listIds === 'function') return compare(await listIds())
      const { path, host = hosts[0] } = typeof listIds === 'string' ? { path: listIds } : listIds
      return compare(await list(baseUrl, path, host, timeoutMs))
    },
  }
}

async function list(baseUrl, path, host, timeoutMs) {
  const accept = body => (Array.isArray(body) ? undefined : 'not a list')
  const { ok, body, failure } = await ask(baseUrl, path, { host, timeoutMs, accept })
  if (!ok) throw new Error(`${path} did not answer with the list of ids: ${failure}`)
  return body
}
