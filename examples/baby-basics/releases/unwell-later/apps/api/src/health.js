// Healthy for long enough to be switched to.
export async function health(app, { version }) {
  app.get('/health', async () => {
    if (process.uptime() > 8) throw new Error('The health check broke after a while.')
    return { status: 'ok', timestamp: new Date().toISOString(), version, db: 'connected' }
  })
}
