import { z } from 'zod'
import { defaults } from './defaults.ts'
import { argv, command, count, durationField, formatted, path, port, ruled, serviceName } from './fields.ts'
import { formats } from './formats.ts'
import {
  anyPath,
  branchName,
  cidr,
  ipAddress,
  listenAddress,
  plainCommand,
  repositoryAddress,
  serverFolder,
  sshHost,
} from './rules.ts'

/** The groups of settings in slipway.yaml. */

/** A service's own health takes what it does not say from its environment, so it has no defaults to show. */
function healthGroup(usual: { interval?: string; deadline?: string; timeout?: string }) {
  const fields = z.strictObject({
    path: formatted(formats.urlPath)
      .optional()
      .meta({ description: 'The path that answers 2xx when the service is healthy', examples: ['/api/v1/health'] }),
    interval: durationField('Pause between two probes', usual.interval, ['2s', '500ms']),
    deadline: durationField('A release that is not healthy by then goes back', usual.deadline, ['30s', '2m']),
    timeout: durationField('Time limit of one probe', usual.timeout, ['5s', 1]),
    warm_up: z
      .array(formatted(formats.urlPath))
      .max(20)
      .optional()
      .meta({
        description:
          'Paths that a new release is asked for (GET, up to 200 requests in a second, from 127.0.0.1) before people come to it: so that it has opened its connections and compiled its code. What it answers decides nothing',
        default: [],
        examples: [['/api/v1/feedings']],
      }),
  })
  return z.union([formatted(formats.urlPath), fields])
}

export const health = healthGroup(defaults.health)

export const service = z.strictObject({
  role: z
    .enum(['web', 'worker', 'state', 'job'])
    .optional()
    .meta({
      description:
        'web: behind the edge. worker: no traffic. state: survives releases (database, cache). job: runs once. Default: detected from the Compose files',
      examples: ['worker'],
    }),
  port: port.optional().meta({
    description: 'The port the service listens on inside its container. Default: the first of `ports` or `expose`',
    examples: [3000],
  }),
  hosts: z
    .array(formatted(formats.host))
    .min(1)
    .max(100)
    .optional()
    .meta({
      description: 'Host names that the edge sends to this web service. Default: all that no other service claims',
      examples: [['api.example.com']],
    }),
  health: healthGroup({})
    .optional()
    .meta({
      description: "Health of this service alone; what it does not say comes from the environment's `health`",
      examples: ['/ready', { path: '/ready', deadline: '2m' }],
    }),
})

export const database = z.union([
  serviceName,
  z.strictObject({
    service: serviceName.meta({ description: 'The Compose service that runs PostgreSQL', examples: ['db'] }),
    name: formatted(formats.databaseName)
      .optional()
      .meta({
        description: 'The database. Default: POSTGRES_DB of the service, else its user',
        examples: ['baby_basics'],
      }),
    user: formatted(formats.databaseName)
      .optional()
      .meta({
        description: 'The owner of the database. Default: POSTGRES_USER of the service, else postgres',
        examples: ['baby'],
      }),
  }),
])

export const migrate = z.union([
  ruled(plainCommand),
  z.strictObject({
    service: serviceName.optional().meta({
      description:
        'The service whose image carries the migrator. Default: the only web service, else the only one that is built',
      examples: ['api'],
    }),
    command: command.meta({
      description: 'What to run in a container of that image: a list of words, or one string that is split on blanks',
      examples: [['node', 'prisma/migrate-deploy.mjs'], 'npm run migrate'],
    }),
    files: z
      .union([path, z.array(path).max(100)])
      .optional()
      .meta({
        description: 'Folders or files that hold the migrations; unchanged ones prove that nothing is pending',
        default: [],
        examples: ['prisma/migrations', ['db/migrations', 'db/seeds']],
      }),
    timeout: durationField('Time limit of the migration', defaults.migrate.timeout, ['10m', '1h']),
  }),
])

export const edge = z.strictObject({
  listen: ruled(listenAddress)
    .optional()
    .meta({
      description: "Plain HTTP on this address; TLS is somebody else's. Not together with `domain`",
      examples: ['0.0.0.0:3000', '127.0.0.1:8080'],
    }),
  domain: z
    .union([formatted(formats.host), z.array(formatted(formats.host)).min(1).max(100)])
    .optional()
    .meta({
      description: 'Ports 80 and 443 with automatic certificates for these names. Not together with `listen`',
      examples: ['app.example.com', ['example.com', 'www.example.com']],
    }),
  email: z
    .email()
    .optional()
    .meta({ description: 'E-mail address for the certificate authority', examples: ['ops@example.com'] }),
  trusted_proxies: z
    .array(ruled(cidr))
    .max(1000)
    .optional()
    .meta({
      description: 'Addresses or networks of proxies in front, whose X-Forwarded headers are believed',
      default: [],
      examples: [['10.0.0.0/8']],
    }),
})

const rehearseModes = z.enum(['full', 'schema', 'off'])

export const rehearse = z.union([
  rehearseModes,
  z.strictObject({
    mode: rehearseModes.optional().meta({
      description:
        'full: on a restore of the backup just taken. schema: on a copy without rows, for large databases. off: every migration is run inside a hold',
      default: defaults.rehearse.mode,
      examples: ['schema'],
    }),
    smoke: z
      .array(formatted(formats.urlPath))
      .max(100)
      .optional()
      .meta({
        description:
          'Paths that the old release is asked for (GET) on the migrated copy, beside its health path. Any answer below 500 is good',
        examples: [['/api/v1/feedings']],
      }),
    timeout: durationField('Time limit of the whole rehearsal', defaults.rehearse.timeout, ['10m', '1h']),
  }),
])

export const limit = (description: string, usual: string) =>
  z.strictObject({ limit: durationField(description, usual, ['10s', '1m']) })

const hook = z.union([argv, z.array(argv).max(100)])

export const hooks = z.strictObject({
  before_deploy: hook.optional().meta({
    description:
      'Run in the project folder before anything changes; a failure stops the deployment. One command as a list, or a list of them',
    default: [],
    examples: [
      ['npm', 'run', 'lint'],
      [['./scripts/announce.sh', 'start'], ['./scripts/check.sh']],
    ],
  }),
  after_deploy: hook.optional().meta({
    description: 'Run after the release was committed; a failure is only reported',
    default: [],
    examples: [['./scripts/announce.sh', 'done']],
  }),
  on_failure: hook.optional().meta({
    description: 'Run after a deployment failed or was rolled back',
    default: [],
    examples: [['./scripts/announce.sh', 'failed']],
  }),
  alert: hook.optional().meta({
    description:
      'Run when what serves went down, and when it is well again: as `slipway status --alert` sees it, or who looks after a warm release. Told by SLIPWAY_ALERT (down or recovered), SLIPWAY_ALERT_SINCE, SLIPWAY_ALERT_WHY, and a JSON document in the file SLIPWAY_ALERT_FILE',
    default: [],
    examples: [['./scripts/alert.mjs']],
  }),
  timeout: durationField('Time limit of one hook', defaults.hooks.timeout, ['60s', '5m']),
})

export const backups = z.strictObject({
  directory: ruled(anyPath)
    .optional()
    .meta({
      description:
        'Where backups are kept on the server; a relative path starts at the folder of slipway.yaml. Default: a folder of Slipway for this app and environment',
      examples: ['/opt/backups'],
    }),
  format: z
    .enum(['plain', 'custom'])
    .optional()
    .meta({
      description:
        'custom: for pg_restore, compressed (before a deployment: unless it is small). plain: SQL that any psql reads',
      default: defaults.backups.format,
      examples: ['plain'],
    }),
  keep: count.optional().meta({
    description: 'How many backups made before deployments are kept',
    default: defaults.backups.keep,
    examples: [10],
  }),
  daily: z
    .strictObject({
      keep_days: z
        .int()
        .min(1)
        .max(3660)
        .optional()
        .meta({
          description: 'How many days a daily backup is kept',
          default: defaults.backups.keepDays,
          examples: [14],
        }),
    })
    .optional()
    .meta({ description: 'Backups made by `slipway backup`, as once a day by cron', examples: [{ keep_days: 14 }] }),
})

export const source = z.strictObject({
  git: z
    .strictObject({
      branch: ruled(branchName).meta({ description: 'The branch to deploy', examples: ['main'] }),
      remote: formatted(formats.remote)
        .optional()
        .meta({
          description:
            'The Git remote to fetch from, of the clone that slipway.yaml lies in. Not together with `repository`',
          default: defaults.source.remote,
          examples: ['upstream'],
        }),
      repository: ruled(repositoryAddress)
        .optional()
        .meta({
          description:
            'The address of the repository, of https or SSH. An environment with a server needs it: the server fetches the code itself',
          examples: ['git@github.com:acme/shop.git', 'https://github.com/acme/shop.git'],
        }),
      token: formatted(formats.secret)
        .optional()
        .meta({
          description:
            'The secret that is the login at an https address: a variable of that name, else a value of the encrypted file',
          examples: ['GIT_TOKEN'],
        }),
    })
    .meta({
      description: 'Deploy a branch of a Git repository: the one that holds slipway.yaml, or the one named here',
      examples: [{ branch: 'main' }, { branch: 'main', repository: 'git@github.com:acme/shop.git' }],
    }),
})

export const registry = z.strictObject({
  user: formatted(formats.registryUser).meta({ description: 'Who logs in', examples: ['shop-deploy'] }),
  password: formatted(formats.secret).meta({
    description:
      'The name of the secret with the password or token: in the encrypted file, the env file or the environment',
    examples: ['GHCR_TOKEN'],
  }),
})

export const server = z.strictObject({
  host: ruled(sshHost).meta({ description: 'Its host name or IP address', examples: ['203.0.113.10'] }),
  user: formatted(formats.account)
    .optional()
    .meta({
      description: 'Who deploys there; set-up makes that user',
      default: defaults.server.user,
      examples: ['deploy'],
    }),
  port: port.optional().meta({ description: 'The port of SSH', default: defaults.server.port, examples: [2222] }),
  private_address: ruled(ipAddress)
    .optional()
    .meta({
      description:
        'Its address in the network that the servers of an environment share, such as a private one of the provider or WireGuard. With several servers in one environment, the one with the database needs it: the others reach the database and agree with it there',
      examples: ['10.0.0.4'],
    }),
  identity: ruled(anyPath)
    .optional()
    .meta({
      description:
        'The private key to log in with: absolute, from `~/`, or from the folder of slipway.yaml. Default: what the SSH agent and ~/.ssh offer',
      examples: ['~/.ssh/shop_deploy'],
    }),
  admin_addresses: z
    .array(ruled(cidr))
    .min(1)
    .max(50)
    .optional()
    .meta({
      description: 'Addresses or networks from which SSH is let in. Default: from everywhere',
      examples: [['203.0.113.0/24', '2001:db8::/48']],
    }),
  open_ports: z
    .array(port)
    .min(1)
    .max(50)
    .optional()
    .meta({
      description:
        'TCP ports that everybody may reach besides 80 and 443, as when a proxy in front speaks to `edge.listen`',
      examples: [[3000]],
    }),
  swap: z
    .union([z.literal('off'), formatted(formats.megabytes)])
    .optional()
    .meta({
      description: 'How much swap set-up makes where there is none',
      default: defaults.server.swap,
      examples: ['4g', 'off'],
    }),
  home: ruled(serverFolder)
    .optional()
    .meta({
      description: 'Where Slipway keeps its files on the server',
      default: defaults.server.home,
      examples: ['/srv/slipway'],
    }),
  runner: formatted(formats.image)
    .optional()
    .meta({
      description:
        "The image of the runner, pulled by the server, with its digest. Default: this version's own, sent over SSH once",
      examples: [
        'registry.example.com/slipway-runner@sha256:4f2a9c0d7b1e8f364f2a9c0d7b1e8f364f2a9c0d7b1e8f364f2a9c0d7b1e8f36',
      ],
    }),
})

/** What an environment says of several servers; the servers themselves stand at the top level. */
export const placement = z
  .record(
    formatted(formats.server),
    z.strictObject({
      services: z
        .array(serviceName)
        .min(1)
        .max(200)
        .meta({
          description:
            'The services that run there, by their names in the Compose files. Web services and workers may run on several servers; a database or cache on exactly one',
          examples: [['api'], ['db', 'worker']],
        }),
    }),
  )
  .optional()
  .meta({
    description:
      'Several servers for one environment, by their names under the top-level `servers`: each runs its services of the same release. Takes the place of `server`. The server of the database decides for all of them when to switch and when to go back',
    examples: [
      { 'app-1': { services: ['api'] }, 'app-2': { services: ['api'] }, data: { services: ['db', 'worker'] } },
    ],
  })
