import { PrismaPg } from '@prisma/adapter-pg'
import generated from '../generated/index.js'

export function connect(url) {
  const schema = new URL(url).searchParams.get('schema') ?? 'public'
  const client = new generated.PrismaClient({ adapter: new PrismaPg({ connectionString: url }, { schema }) })
  return client.$extends({ query: { feeding: { $allOperations: failsLater } } })
}

// The health check asks the database without any model, so it stays well.
function failsLater({ args, query }) {
  if (process.uptime() > 8) throw new Error('Feedings broke after a while.')
  return query(args)
}
