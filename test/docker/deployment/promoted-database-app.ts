/** An app with a database: a web service, a worker and a migrator, each an image of its own. */
export interface Version {
  number: number
  /** In this order; each is run once. */
  migrations: readonly string[]
  /** What the code of this version reads. */
  column: string
}

const migrator = `
import pg from 'pg'
process.on('uncaughtException', error => process.exit(console.error(error.message) ?? 1))
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query('BEGIN')
await client.query('CREATE TABLE IF NOT EXISTS schema_migrations (version text PRIMARY KEY)')
for (const [index, sql] of JSON.parse(process.env.MIGRATIONS).entries()) {
  const { rowCount } = await client.query('INSERT INTO schema_migrations VALUES ($1) ON CONFLICT DO NOTHING', [index])
  if (rowCount === 1) await client.query(sql)
}
await client.query('COMMIT')
await client.end()
`
const web = `
import { createServer } from 'node:http'
import pg from 'pg'
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 })
pool.on('error', () => undefined)
createServer(async (_, response) => {
  const { VERSION, STAGE, READS } = process.env
  const count = await pool.query('SELECT count(' + READS + ') AS n FROM things').then(({ rows }) => rows[0].n, () => undefined)
  response.statusCode = count === undefined ? 503 : 200
  response.end([VERSION, STAGE, count].join(' '))
}).listen(3000)
process.on('SIGTERM', () => process.exit(0))
`
const worker = `
import pg from 'pg'
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 })
pool.on('error', () => undefined)
setInterval(() => pool.query('SELECT ' + process.env.READS + ' FROM things LIMIT 1').catch(() => undefined), 200)
process.on('SIGTERM', () => process.exit(0))
`
export const programs = { api: web, worker, migrate: migrator }

/** What belongs to a version is in its images: nothing of it comes from the environment that runs them. */
export function dockerfile(base: string, program: string, { number, migrations, column }: Version): string {
  const encoded = Buffer.from(program).toString('base64')
  const known = JSON.stringify(JSON.stringify(migrations)).replaceAll('$', '\\$')
  return `FROM ${base}
USER root
RUN echo ${encoded} | base64 -d > /app/main.mjs
USER node
ENV VERSION=${number} READS=${column} MIGRATIONS=${known}
CMD ["node", "main.mjs"]
`
}

export const composeText = (image: (name: string) => string) => `
x-app: &app
  environment: { DATABASE_URL: "postgres://shop:\${DB_PASSWORD}@db/shop", STAGE: "\${STAGE:-none}" }
  depends_on: { db: { condition: service_healthy } }
services:
  api: { <<: *app, image: "\${API_IMAGE:-${image('api')}:live}", expose: [3000] }
  worker: { <<: *app, image: "\${WORKER_IMAGE:-${image('worker')}:live}" }
  migrate: { <<: *app, image: "\${MIGRATE_IMAGE:-${image('migrate')}:live}" }
  db:
    image: postgres:16-alpine
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: "\${DB_PASSWORD}" }
    volumes: [data:/var/lib/postgresql/data]
    healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, shop], interval: 1s, retries: 60 }
volumes: { data: {} }
`
