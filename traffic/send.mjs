// One request and everything that can go wrong with it. Only a complete 2xx answer with the body that was expected is ok.
import { request as startRequest } from 'node:http'

/** Never rejects: { ok: true, body, version } or { ok: false, failure, said }, `said` being what a bad status came with. */
export function send({ target, agent, request, timeoutMs }) {
  return new Promise(resolve => {
    const { path, method, host, body } = request
    const headers = {
      accept: 'application/json',
      ...(host === undefined ? {} : { host }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    }
    const sent = startRequest({ ...target, agent, path, method, headers })
    // The whole exchange has one limit: a socket's own time-out starts anew with every byte.
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      sent.destroy(new Error('timeout'))
    }, timeoutMs)
    const finish = result => {
      clearTimeout(timer)
      resolve(result)
    }
    const fail = failure => finish({ ok: false, failure: timedOut ? 'timeout' : failure })
    sent.on('error', error => fail(error.code ?? error.message))
    sent.on('response', response => {
      const chunks = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', () => fail('truncated body'))
      response.on('end', () => finish(judge(request, response, Buffer.concat(chunks))))
      response.on('close', () => fail('truncated body')) // of no effect after `end`
    })
    sent.end(body)
  })
}

function judge(request, { statusCode, complete }, bytes) {
  if (statusCode < 200 || statusCode > 299)
    return { ok: false, failure: `status ${statusCode}`, said: bytes.toString('utf8', 0, 200) }
  if (!complete) return { ok: false, failure: 'truncated body' }
  let body
  try {
    body = JSON.parse(bytes.toString('utf8'))
  } catch {
    return { ok: false, failure: 'not JSON' }
  }
  try {
    const failure = request.accept(body)
    return failure === undefined ? { ok: true, body, version: request.version?.(body) } : { ok: false, failure }
  } catch (error) {
    return { ok: false, failure: `the check itself failed: ${error.message}` }
  }
}
