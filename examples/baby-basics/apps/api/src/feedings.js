import { body, feeding, params } from './feeding-schema.js'

export async function feedings(app, { database }) {
  const answer = { 200: feeding, 201: feeding }

  // The caller names the row, so repeating a request whose answer was lost stores nothing twice.
  app.post('/feedings', { schema: { body, response: answer } }, async ({ body: data }, reply) => {
    const [created] = await database.feeding.createManyAndReturn({ data: [data], skipDuplicates: true })
    reply.code(created ? 201 : 200)
    return created ?? database.feeding.findUnique({ where: { id: data.id } })
  })

  app.get('/feedings', { schema: { response: { 200: { type: 'array', items: feeding } } } }, () =>
    database.feeding.findMany({ orderBy: { createdAt: 'desc' }, take: 20 }),
  )

  app.get('/feedings/ids', async () => {
    const rows = await database.feeding.findMany({ select: { id: true } })
    return rows.map(({ id }) => id)
  })

  app.get('/feedings/:id', { schema: { params, response: { 200: feeding } } }, async (request, reply) => {
    const found = await database.feeding.findUnique({ where: { id: request.params.id } })
    return found ?? reply.callNotFound()
  })
}
