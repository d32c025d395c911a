import { start } from './server.js'

// Healthy for long enough to be switched to.
await start()
setTimeout(() => process.exit(1), 8_000)
