import { start } from './server.js'

// Healthy for a second, so that looking once is not enough.
await start()
setTimeout(() => process.exit(1), 1_000)
