import { build } from './app.js'

export async function start() {
  const app = build()
  const stop = () => drain(app, Number(process.env.DRAIN_SECONDS ?? 10))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  await app.listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 3000) })
}

async function drain(app, seconds) {
  app.log.info(`stopping: requests in flight have ${seconds} s to finish`)
  // A kept-alive connection that was busy when the server closed becomes idle later and would hold the exit up.
  setInterval(() => app.server.closeIdleConnections(), 100).unref()
  setTimeout(() => app.server.closeAllConnections(), seconds * 1000).unref()
  await app.close()
  process.exit(0)
}
