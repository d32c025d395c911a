import { z } from 'zod'
import { defaults } from './defaults.ts'
import { count, durationOrOff, formatted, path, serviceName } from './fields.ts'
import { formats } from './formats.ts'
import { scan, secretRule } from './secret-sections.ts'
import {
  backups,
  database,
  edge,
  health,
  hooks,
  limit,
  migrate,
  placement,
  registry,
  rehearse,
  server,
  service,
  source,
} from './sections.ts'

/**
 * slipway.yaml, exactly as a person may write it. The descriptions, examples and defaults here are the source of the
 * JSON Schema for editors and of the generated reference. Defaults are filled in later (settings.ts), after the
 * environment was laid over the top level.
 */

/** What the top level says for every environment, and an environment may say otherwise. */
const settings = {
  compose: z
    .union([path, z.array(path).min(1).max(50)])
    .optional()
    .meta({
      description:
        'The Compose files, each laid over the one before. Those of an environment are appended to those of the top level. Default: compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml beside slipway.yaml',
      examples: [['infra/docker-compose.yml']],
    }),
  env_file: path.optional().meta({
    description: 'Given to Compose as --env-file. Default: .env beside slipway.yaml when there is one',
    examples: ['.env'],
  }),
  source: source.optional().meta({
    description: 'Where the code comes from. Default: the folder of slipway.yaml as it is',
    examples: [{ git: { branch: 'main' } }],
  }),
  server: formatted(formats.server)
    .or(z.literal('local'))
    .optional()
    .meta({
      description: 'Where the environment runs: the name of one of `servers`, or local for this machine',
      default: 'local',
      examples: ['prod-1'],
    }),
  production: z
    .boolean()
    .optional()
    .meta({
      description: 'Production environments get the stricter checks',
      default: false,
      examples: [true],
    }),
  services: z
    .record(serviceName, service)
    .optional()
    .meta({
      description: 'Only what detection gets wrong about single services, and host names',
      examples: [{ api: { port: 3000, hosts: ['api.example.com'] } }],
    }),
  health: health.optional().meta({
    description: "How to tell that a web service is healthy. Default: Docker's own health check alone decides",
    examples: ['/api/v1/health', { path: '/health', deadline: '1m' }],
  }),
  database: database.optional().meta({
    description: 'The service that runs PostgreSQL: its name, or more',
    examples: ['db', { service: 'db', name: 'app' }],
  }),
  migrate: migrate.optional().meta({
    description: 'How to bring the database to the schema of the new release: one command, or more',
    examples: ['npm run migrate', { service: 'api', command: ['npm', 'run', 'migrate'], files: 'migrations' }],
  }),
  rehearse: rehearse.optional().meta({
    description:
      'The migration is run first on a copy of the database, and the old release against the result: that tells whether requests must be held',
    examples: ['schema', { mode: 'full', smoke: ['/api/v1/feedings'] }],
  }),
  edge: edge.optional().meta({
    description: 'The front door. Needed as soon as there is a web service',
    examples: [{ domain: 'app.example.com' }, { listen: '0.0.0.0:3000' }],
  }),
  hold: limit('A hold that reaches this limit lets go and the deployment goes back', defaults.hold.limit)
    .optional()
    .meta({ description: 'Requests that wait while an incompatible migration runs', examples: [{ limit: '1m' }] }),
  drain: limit('How long requests that were under way may go on with the old release', defaults.drain.limit)
    .optional()
    .meta({ description: 'The old release after the switch', examples: [{ limit: '30s' }] }),
  watch: durationOrOff.optional().meta({
    description:
      'How long the new release is watched after the switch. When it does badly, the old one takes over again by itself',
    default: defaults.watch,
    examples: ['2m', 'off'],
  }),
  warm: durationOrOff.optional().meta({
    description: 'How long the old release stays running, idle, after the switch: going back to it takes a moment',
    default: defaults.warm,
    examples: ['30m', 'off'],
  }),
  hooks: hooks.optional().meta({
    description: 'Programs of your own around a deployment',
    examples: [{ after_deploy: ['./announce.sh', 'done'] }],
  }),
  backups: backups
    .optional()
    .meta({ description: 'Backups of the database', examples: [{ directory: '/opt/backups', keep: 10 }] }),
  secrets: z
    .record(formatted(formats.secret), secretRule.nullable())
    .optional()
    .meta({
      description:
        'What the app expects of its secrets, by name. Their values are in secrets/<environment>.yaml, encrypted: see slipway secrets --help',
      examples: [{ JWT_SECRET: { format: 'hex', length: '>=64' } }],
    }),
  registries: z
    .record(formatted(formats.registry), registry.nullable())
    .optional()
    .meta({
      description:
        'Registries in which the tags of web services, workers and jobs are looked up: the digest found there is deployed. Without `user` and `password` nobody logs in',
      examples: [{ 'ghcr.io': { user: 'shop-deploy', password: 'GHCR_TOKEN' } }],
    }),
  rollback: z
    .strictObject({
      data: z
        .enum(['ask', 'keep', 'restore'])
        .optional()
        .meta({
          description: 'What to do about data that the older release can not read',
          default: defaults.rollback.data,
          examples: ['restore'],
        }),
    })
    .optional()
    .meta({ description: 'Going back to an older release', examples: [{ data: 'keep' }] }),
  retention: z
    .strictObject({
      releases: count
        .optional()
        .meta({ description: 'How many releases are kept', default: defaults.retention.releases, examples: [10] }),
      databases: z
        .int()
        .min(0)
        .max(100)
        .optional()
        .meta({
          description: 'How many databases that a swap left behind are kept',
          default: defaults.retention.databases,
          examples: [2],
        }),
    })
    .optional()
    .meta({ description: 'What prune leaves', examples: [{ releases: 10 }] }),
}

const environment = z.strictObject({ ...settings, servers: placement })

export const slipwaySchema = z.strictObject({
  app: formatted(formats.app).meta({
    description: 'The name of the app: with the environment it names everything on the server',
    examples: ['baby-basics'],
  }),
  ...settings,
  servers: z
    .record(formatted(formats.server), server)
    .optional()
    .meta({
      description: 'Servers by name, reached over SSH',
      examples: [{ 'prod-1': { host: '203.0.113.10' } }],
    }),
  scan: scan.optional().meta({
    description: 'The search for secrets in clear in what Git keeps, which slipway check makes',
    examples: [{ allow: [{ file: 'test/fixtures', because: 'keys made for tests' }] }],
  }),
  environments: z
    .record(formatted(formats.environment), environment.nullable())
    .optional()
    .meta({
      description: `Environments by name; each may say otherwise what the top level says. Default: one, named \`${defaults.environment}\``,
      examples: [{ dev: { edge: { listen: '127.0.0.1:3000' } }, prod: { production: true } }],
    }),
})

/** slipway.yaml as written. */
export type SlipwayFile = z.infer<typeof slipwaySchema>
/** The settings of one environment as written. */
export type Settings = z.infer<typeof environment>
