import { PrismaPg } from '@prisma/adapter-pg'
import generated from '../generated/index.js'

// The time-outs end a query on a connection that has gone silent, so that the pool replaces the connection.
const limits = { max: 10, connectionTimeoutMillis: 3_000, query_timeout: 15_000 }

export function connect(url) {
  const schema = new URL(url).searchParams.get('schema') ?? 'public'
  return new generated.PrismaClient({ adapter: new PrismaPg({ connectionString: url, ...limits }, { schema }) })
}
