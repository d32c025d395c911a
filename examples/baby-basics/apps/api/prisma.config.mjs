import { defineConfig } from 'prisma/config'

// Read from the environment directly: Prisma's own env() fails without DATABASE_URL even where none is needed (generate).
export default defineConfig({
  schema: 'prisma/schema.prisma',
  datasource: { url: process.env.DATABASE_URL },
})
