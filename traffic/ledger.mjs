// Every write that the app acknowledged. An id enters only when its whole answer has arrived.
import { createWriteStream, readFileSync } from 'node:fs'

const lostIdsShown = 20

export function openLedger(file) {
  const acknowledged = new Set()
  const stream = file === undefined ? undefined : createWriteStream(file, { flags: 'a', mode: 0o600 })
  let failure
  stream?.on('error', error => {
    failure = error
  })
  return {
    acknowledge(id) {
      acknowledged.add(id)
      stream?.write(`${id}\n`)
    },
    /** Returns the comparison of what is acknowledged now with a list that is made later. */
    asOfNow() {
      const sofar = new Set(acknowledged)
      return listed => compareIds(sofar, listed)
    },
    async close() {
      if (stream !== undefined && failure === undefined) await new Promise(resolve => stream.end(resolve))
      if (failure !== undefined) throw failure
    },
  }
}

/** { acknowledged, lost, lostIds, others }: `others` are rows that this traffic knows nothing of. */
export function compareIds(acknowledged, listed) {
  const present = new Set(listed)
  const lostIds = [...acknowledged].filter(id => !present.has(id))
  const others = [...present].filter(id => !acknowledged.has(id)).length
  return { acknowledged: acknowledged.size, lost: lostIds.length, lostIds: lostIds.slice(0, lostIdsShown), others }
}

/** The ids of a ledger on disk; half a last line, left by a client that was killed, does not count. */
export function readLedger(file) {
  const lines = readFileSync(file, 'utf8').split('\n')
  return new Set(lines.slice(0, -1))
}
