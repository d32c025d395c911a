// Says for ever what the real one says while its database is gone.
export async function health(app, { version }) {
  app.get('/health', async (_request, reply) => {
    reply.code(503)
    return { status: 'degraded', timestamp: new Date().toISOString(), version, db: 'error' }
  })
}
