// Sends parcels and prints their labels: takes jobs from PostgreSQL, safe with several workers, and counts them in Redis.
import { setTimeout as pause } from 'node:timers/promises'
import { countSent, redis } from './counter.mjs'
import { pool, transaction } from './database.mjs'
import { beat } from './heartbeat.mjs'
import { version } from './version.mjs'

let stopping = false
process.once('SIGTERM', () => {
  stopping = true
})
console.log(`worker ${version} works`)

while (!stopping) {
  const sent = await takeJobs().catch(error => {
    console.error(`this round failed: ${error.message}`)
    return undefined
  })
  if (sent !== undefined) beat()
  if (sent === undefined || sent.length === 0) await pause(200)
}
await pool.end()
redis.disconnect()

function takeJobs() {
  return transaction(async client => {
    const { rows } = await client.query(
      'SELECT id, parcel FROM jobs WHERE done_at IS NULL ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED',
    )
    if (rows.length === 0) return rows
    // Counted before the commit: a job that is taken again counts its parcel once all the same.
    await countSent(rows.map(({ parcel }) => parcel))
    await client.query('UPDATE jobs SET done_at = now(), done_by = $2 WHERE id = ANY($1)', [
      rows.map(({ id }) => id),
      version,
    ])
    const labels = 'INSERT INTO labels (parcel) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING'
    await client.query(labels, [rows.map(({ parcel }) => parcel)])
    return rows
  })
}
