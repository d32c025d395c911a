import { start } from './server.js'

await start()
