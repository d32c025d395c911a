import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { column, pool, version } from './database.mjs'

let stopping = false
process.once('SIGTERM', () => {
  stopping = true
})
console.log(`worker ${version} works`)
while (!stopping) {
  await pool
    .query(`SELECT count(${column}) FROM notes`)
    .then(() => writeFile('/tmp/alive', ''))
    .catch(error => console.error(error.message))
  await pause(200)
}
process.exit(0)
