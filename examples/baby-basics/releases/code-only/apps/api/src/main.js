import { start } from './server.js'

console.log('Code only: the same schema, the same answers, one more line in the log.')
await start()
