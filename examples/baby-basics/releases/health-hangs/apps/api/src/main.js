import { createServer } from 'node:http'

// Accepts every request and answers none.
createServer(() => {}).listen(Number(process.env.PORT ?? 3000), '0.0.0.0')
process.once('SIGTERM', () => process.exit(0))
