// One request on a connection of its own.
import { Agent } from 'node:http'
import { loopbackAddress } from './loopback.mjs'
import { send } from './send.mjs'

/** { ok: true, body } or { ok: false, failure }. accept(body): what is wrong with it, or undefined. */
export function ask(baseUrl, path, { host, timeoutMs, accept = () => undefined }) {
  const agent = new Agent({ keepAlive: false })
  const request = { method: 'GET', path, host, accept }
  return send({ target: loopbackAddress(baseUrl), agent, request, timeoutMs })
}
