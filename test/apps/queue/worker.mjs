// Takes jobs one by one, safe beside other workers. Told to stop, it ends the job it is at.
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { column, pool, schema, schemaOf, version } from './database.mjs'

const bad = process.env.BAD
let stopping = false
process.once('SIGUSR2', () => {
  stopping = bad !== 'deaf'
})
witness('boot')
if (bad === 'worker') {
  await pause(300)
  process.exit(1)
}
while (!stopping) {
  const worked = await work().catch(error => {
    console.error(error.message)
    return false
  })
  if (!worked) await pause(50)
}
witness('end')
process.exit(0)

async function work() {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows } = await client.query(
      `SELECT id, ${column} AS text FROM jobs WHERE done_at IS NULL ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED`,
    )
    const [job] = rows
    if (job !== undefined) await execute(client, job)
    await client.query('COMMIT')
    client.release()
    return job !== undefined
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** A job's text is how long it takes. */
async function execute(client, { id, text }) {
  const seen = await schemaOf(client)
  witness('begin', id)
  await pause(Number(text))
  await client.query('INSERT INTO executions VALUES ($1, $2, $3, $4)', [id, version, schema, seen])
  await client.query('UPDATE jobs SET attempts = attempts + 1, done_at = now() WHERE id = $1', [id])
  witness('done', id)
}

function witness(what, job = '-') {
  appendFileSync('/witness/log', `${JSON.stringify({ at: Date.now(), what, job, version })}\n`)
}
