// What is sent, in turn: reads and writes mixed evenly by their shares, host names and paths one after the other.
import { randomUUID } from 'node:crypto'

/** Returns a function that gives the next request: { kind, method, path, host, body, id, accept, version }. */
export function plan({ reads, writes, hosts, versionOf = usualVersion }) {
  if (reads.length === 0 && writes === undefined)
    throw new Error('there is nothing to send: give reads, writes or both')
  const share = writes === undefined ? 0 : reads.length === 0 ? 1 : (writes.share ?? 1 / 3)
  if (!(share >= 0 && share <= 1)) throw new RangeError(`writes.share must be from 0 to 1, not ${share}`)
  const nextHost = inTurn(hosts)
  const nextRead = inTurn(reads)
  let owedWrites = 0
  return () => {
    owedWrites += share
    if (owedWrites < 1 - 1e-9) return read(nextRead(), nextHost, versionOf)
    owedWrites -= 1
    return write(writes, nextHost, versionOf)
  }
}

function read({ path, host, check = () => true }, nextHost, versionOf) {
  const accept = body => (check(body) === true ? undefined : 'wrong body')
  return { kind: 'read', method: 'GET', path, host: host ?? nextHost(), accept, version: versionOf }
}

function write({ path, host, makeBody, acknowledges = namesTheId }, nextHost, versionOf) {
  const id = randomUUID()
  const accept = body => (acknowledges(body, id) === true ? undefined : 'wrong body')
  const body = Buffer.from(JSON.stringify(makeBody(id)))
  return { kind: 'write', method: 'POST', path, host: host ?? nextHost(), id, body, accept, version: versionOf }
}

const namesTheId = (body, id) => body?.id === id
const usualVersion = body => (typeof body?.version === 'string' ? body.version : undefined)

function inTurn(items) {
  let index = 0
  return () => items[index++ % items.length]
}
