export async function health(app) {
  app.get('/health', async () => {
    throw new Error('The health check itself is broken.')
  })
}
