import { setTimeout as sleep } from 'node:timers/promises'
import { start } from './server.js'

// As process 1 of a container it would otherwise ignore a SIGTERM that comes while it boots.
const giveUp = () => process.exit(0)
process.once('SIGTERM', giveUp)
await sleep(4_000)
process.off('SIGTERM', giveUp)
await start()
