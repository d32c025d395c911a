/** Every mistake with the place and the mend it must be reported with: `line:column message | mend`. */
export const mistakes: readonly Mistake[] = [
  {
    name: 'unknown key, near',
    yaml: 'app: shop\nheath: /x\n',
    expected: ['2:1 unknown setting "heath" | Did you mean `health`?'],
  },
  {
    name: 'unknown key, camel case',
    yaml: 'app: shop\nenvFile: .env\n',
    expected: ['2:1 unknown setting "envFile" | Did you mean `env_file`?'],
  },
  {
    name: 'unknown key, nothing near',
    yaml: 'app: shop\nkubernetes: {}\n',
    expected: [
      '2:1 unknown setting "kubernetes" | At the top level there can be: app, compose, env_file, source, server, production, services, health, database, migrate, rehearse, edge, hold, drain, watch, warm, hooks, backups, secrets, registries, rollback, retention, servers, scan, environments.',
    ],
  },
  {
    name: 'unknown key in an environment',
    yaml: 'app: shop\nenvironments:\n  prod:\n    produciton: true\n',
    expected: ['4:5 unknown setting "produciton" | Did you mean `production`?'],
  },
  {
    name: 'unknown key in a group',
    yaml: 'app: shop\nhealth: { path: /x, intervall: 2s }\n',
    expected: ['2:21 unknown setting "intervall" | Did you mean `interval`?'],
  },
  {
    name: 'app missing',
    yaml: 'health: /x\n',
    expected: ['1:1 `app` is missing | For example: `app: baby-basics`.'],
  },
  {
    name: 'app malformed',
    yaml: 'app: Shop_1\n',
    expected: [
      '1:6 `app`: "Shop_1" is not a name for an app | Use lower-case letters, digits and hyphens, start with a letter, at most 30 characters.',
    ],
  },
  {
    name: 'app is a number',
    yaml: 'app: 42\n',
    expected: ['1:6 `app` must be text, not 42 | Put it in quotes: "42".'],
  },
  {
    name: 'duration malformed',
    yaml: 'app: shop\nhealth: { path: /x, deadline: 30 seconds }\n',
    expected: [
      '2:31 `health.deadline`: "30 seconds" is not a duration | Write 500ms, 2s, 10m or 1h, or a bare number of seconds.',
    ],
  },
  {
    name: 'duration zero',
    yaml: 'app: shop\nhold: { limit: 0s }\n',
    expected: ['2:16 the duration is zero | Write at least 1ms.'],
  },
  {
    name: 'duration too long',
    yaml: 'app: shop\ndrain:\n  limit: 999h\n',
    expected: ['3:10 "999h" is longer than a day | Write at most 24h.'],
  },
  {
    name: 'duration negative',
    yaml: 'app: shop\ndrain:\n  limit: -1\n',
    expected: ['3:10 `drain.limit` must be more than 0 | For example: `limit: 10s` or `limit: 1m`.'],
  },
  {
    name: 'health path without slash',
    yaml: 'app: shop\nhealth: health\n',
    expected: [
      '2:9 `health`: "health" is not a path of a URL | Start with a slash, without host and without blanks, as in /health.',
    ],
  },
  {
    name: 'role misspelt',
    yaml: 'app: shop\nservices:\n  api: { role: wbe }\n',
    expected: ['3:16 `services.api.role`: "wbe" is not one of web, worker, state, job | Did you mean web?'],
  },
  {
    name: 'port out of range',
    yaml: 'app: shop\nservices:\n  api: { port: 70000 }\n',
    expected: ['3:16 `services.api.port` must be at most 65535 | For example: `port: 3000`.'],
  },
  {
    name: 'port is text',
    yaml: 'app: shop\nservices:\n  api: { port: "3000" }\n',
    expected: ['3:16 `services.api.port` must be a number, not "3000" | Remove the quotes: 3000.'],
  },
  {
    name: 'host with scheme',
    yaml: 'app: shop\nservices:\n  api: { hosts: ["https://a.example"] }\n',
    expected: [
      '3:18 `services.api.hosts.0`: "https://a.example" is not a host name | Write the lower-case name alone, without https://, port, path or wildcard, as in app.example.com; letters with accents go in their xn-- form.',
    ],
  },
  {
    name: 'service name hostile',
    yaml: 'app: shop\nservices:\n  "$(touch x)": { port: 1 }\n',
    expected: [
      '3:3 "$(touch x)" is not the name of a Compose service | Use the name under `services:` of the Compose file: letters, digits, dot, underscore and hyphen.',
    ],
  },
  {
    name: 'migrate with quotes',
    yaml: 'app: shop\nmigrate: npm run "a b"\n',
    expected: [
      '2:10 the command has quotes, which need a shell; none runs here | Write the command as a list, one word an item: [npm, run, "a b"]. For more than one command use a script.',
    ],
  },
  {
    name: 'migrate with shell signs',
    yaml: 'app: shop\nmigrate: npm run a && npm run b\n',
    expected: [
      '2:10 the command has "&&", which needs a shell; none runs here | Write the command as a list, one word an item: [npm, run, "a b"]. For more than one command use a script.',
    ],
  },
  {
    name: 'migrate without command',
    yaml: 'app: shop\nmigrate: { service: api }\n',
    expected: [
      '2:1 `migrate.command` is missing | For example: `command: [node, prisma/migrate-deploy.mjs]` or `command: npm run migrate`.',
    ],
  },
  {
    name: 'migrate files outside',
    yaml: 'app: shop\nmigrate: { service: api, command: [x], files: [a, ../b] }\n',
    expected: [
      '2:51 the path "../b" leaves the project\'s folder | Write a path below the folder of slipway.yaml, as in infra/compose.yml.',
    ],
  },
  {
    name: 'compose outside',
    yaml: 'app: shop\ncompose: [infra/../../other.yml]\n',
    expected: [
      '2:11 the path "infra/../../other.yml" leaves the project\'s folder | Write a path below the folder of slipway.yaml, as in infra/compose.yml.',
    ],
  },
  {
    name: 'compose absolute',
    yaml: 'app: shop\ncompose: /etc/compose.yml\n',
    expected: [
      '2:10 the path "/etc/compose.yml" is absolute | Write a path below the folder of slipway.yaml, as in infra/compose.yml.',
    ],
  },
  {
    name: 'compose not there',
    yaml: 'app: shop\ncompose: [nope.yml]\n',
    expected: ['2:11 there is no Compose file "nope.yml" | Looked for <dir>/nope.yml.'],
  },
  {
    name: 'env file absolute',
    yaml: 'app: shop\nenv_file: /etc/passwd\n',
    expected: [
      '2:11 the path "/etc/passwd" is absolute | Write a path below the folder of slipway.yaml, as in infra/compose.yml.',
    ],
  },
  {
    name: 'database name hostile',
    yaml: 'app: shop\ndatabase: { service: db, name: "x\' OR 1=1" }\n',
    expected: [
      '2:32 `database.name`: "x\' OR 1=1" is not a name of a PostgreSQL database or user | Use letters, digits, underscore, dot and hyphen, at most 63 characters.',
    ],
  },
  {
    name: 'edge both',
    yaml: 'app: shop\nedge: { listen: "0.0.0.0:3000", domain: a.example }\n',
    expected: [
      "2:9 `edge` has both `listen` and `domain` | Keep `domain` for automatic certificates, or `listen` when TLS is somebody else's.",
    ],
  },
  {
    name: 'edge neither',
    yaml: 'app: shop\nedge: { email: a@b.example }\n',
    expected: ['2:1 `edge` says neither `listen` nor `domain` | For example: `domain: app.example.com`.'],
  },
  {
    name: 'edge email',
    yaml: 'app: shop\nedge: { domain: a.example, email: nobody }\n',
    expected: ['2:35 `edge.email`: "nobody" is not an e-mail address | For example: `email: ops@example.com`.'],
  },
  {
    name: 'listen port',
    yaml: 'app: shop\nedge: { listen: "0.0.0.0:99999" }\n',
    expected: [
      '2:17 "0.0.0.0:99999" is not an address to listen on | Write address and port (1 to 65535), as in 0.0.0.0:3000, 127.0.0.1:3000 or [::]:3000.',
    ],
  },
  {
    name: 'listen host name',
    yaml: 'app: shop\nedge: { listen: "example.com:80" }\n',
    expected: [
      '2:17 "example.com:80" is not an address to listen on | Write address and port (1 to 65535), as in 0.0.0.0:3000, 127.0.0.1:3000 or [::]:3000.',
    ],
  },
  {
    name: 'cidr',
    yaml: 'app: shop\nedge: { domain: a.example, trusted_proxies: [10.0.0.0/8, 10.0.0.0/64] }\n',
    expected: [
      '2:58 "10.0.0.0/64" is not an address or a network | Write an IP address or a network, as in 10.0.0.0/8 or fd00::/8.',
    ],
  },
  {
    name: 'hook as a string',
    yaml: 'app: shop\nhooks: { before_deploy: ./x.sh }\n',
    expected: [
      '2:25 `hooks.before_deploy` must be a list, not "./x.sh" | For example: `before_deploy: [npm, run, lint]` or `before_deploy: [[./scripts/announce.sh, start], [./scripts/check.sh]]`.',
    ],
  },
  {
    name: 'hook with a number',
    yaml: 'app: shop\nhooks: { before_deploy: [[sleep, 5]] }\n',
    expected: ['2:34 `hooks.before_deploy.0.1` must be text, not 5 | Put it in quotes: "5".'],
  },
  {
    name: 'branch as an option',
    yaml: 'app: shop\nsource: { git: { branch: --upload-pack=x } }\n',
    expected: [
      '2:26 "--upload-pack=x" is not a branch name: it starts with a hyphen | Write the name as `git branch` prints it, as in main or release/2.',
    ],
  },
  {
    name: 'branch with two dots',
    yaml: 'app: shop\nsource: { git: { branch: a..b } }\n',
    expected: [
      '2:26 "a..b" is not a branch name: it has two dots in a row | Write the name as `git branch` prints it, as in main or release/2.',
    ],
  },
  {
    name: 'remote as an address',
    yaml: 'app: shop\nsource: { git: { branch: main, remote: "ext::sh -c x" } }\n',
    expected: [
      '2:40 `source.git.remote`: "ext::sh -c x" is not the name of a Git remote | Use the name that `git remote` prints, as in origin; not an address.',
    ],
  },
  {
    name: 'repository of this machine',
    yaml: 'app: shop\nsource: { git: { branch: main, repository: /srv/git/shop.git } }\n',
    expected: [
      '2:44 "/srv/git/shop.git" is not an address of a repository | Write one of https or SSH, as in git@github.com:acme/shop.git or https://github.com/acme/shop.git.',
    ],
  },
  {
    name: 'password in an address',
    yaml: 'app: shop\nsource: { git: { branch: main, repository: "https://ada:hunter22@github.com/a/b.git" } }\n',
    expected: [
      '2:44 the address of the repository has a password in it | Make it worthless, write the address alone, and give a token: token: GIT_TOKEN, the name of a secret.',
    ],
  },
  {
    name: 'environment name',
    yaml: 'app: shop\nenvironments:\n  Prod-1: {}\n',
    expected: [
      '3:3 "Prod-1" is not a name for an environment | Use lower-case letters, digits and underscores, start with a letter, at most 20 characters.',
    ],
  },
  {
    name: 'keep zero',
    yaml: 'app: shop\ndatabase: db\nbackups: { keep: 0 }\n',
    expected: ['3:18 `backups.keep` must be at least 1 | For example: `keep: 10`.'],
  },
  {
    name: 'rollback data',
    yaml: 'app: shop\nrollback: { data: aks }\n',
    expected: ['2:19 `rollback.data`: "aks" is not one of ask, keep, restore | Did you mean ask?'],
  },
  {
    name: 'retention not whole',
    yaml: 'app: shop\nretention: { releases: 1.5 }\n',
    expected: ['2:24 `retention.releases` must be a whole number, not 1.5 | For example: `releases: 10`.'],
  },
  {
    name: 'empty value',
    yaml: 'app: shop\nhealth:\nedge: { listen: "0.0.0.0:1" }\n',
    expected: [
      '2:1 `health` is empty | Remove it or fill it in. For example: `health: /api/v1/health` or `health: { path: /health, deadline: 1m }`.',
    ],
  },
  {
    name: 'list where a group belongs',
    yaml: 'app: shop\nenvironments: [dev, prod]\n',
    expected: [
      '2:15 `environments` must be a group of names, not a list | For example: `environments: { dev: { edge: { listen: "127.0.0.1:3000" } }, prod: { production: true } }`.',
    ],
  },
  {
    name: 'production as text',
    yaml: 'app: shop\nproduction: "yes"\n',
    expected: ['2:13 `production` must be true or false, not "yes" | For example: `production: true`.'],
  },
  {
    name: 'merge key',
    yaml: 'app: shop\nenvironments:\n  dev: &dev { production: false }\n  prod: { <<: *dev }\n',
    expected: [
      '4:11 unknown setting "<<" | Merge keys are not read: put what environments share at the top level, they all inherit it.',
    ],
  },
  {
    name: 'double key',
    yaml: 'app: shop\nhealth: /a\nhealth: /b\n',
    expected: ['3:1 the key "health" is there twice | Remove one of the two.'],
  },
  {
    name: 'tab',
    yaml: 'app: shop\nhealth:\n\tpath: /x\n',
    expected: ['3:1 tabs are not allowed as indentation | Indent with blanks.'],
  },
  {
    name: 'unclosed bracket',
    yaml: 'app: shop\ncompose: [a.yml\n',
    expected: [
      '3:1 flow sequence in block collection must be sufficiently indented and end with a ] | Indent all keys of one level alike, and close every bracket.',
    ],
  },
  {
    name: 'two documents',
    yaml: 'app: shop\n---\napp: other\n',
    expected: ['2:1 the file holds more than one YAML document | Keep one and remove the line `---`.'],
  },
  {
    name: 'loose alias',
    yaml: 'app: shop\nhealth: *nope\n',
    expected: [
      '2:9 there is no anchor "nope" above this alias | Write `&name` at the value that stands above, and `*name` here.',
    ],
  },
  {
    name: 'tag',
    yaml: 'app: !!js/function "x"\n',
    expected: ['1:6 unresolved tag: tag:yaml.org,2002:js/function | Remove the tag: all values are plain ones.'],
  },
  {
    name: 'prototype',
    yaml: 'app: shop\nenvironments:\n  __proto__: {}\n',
    expected: ['3:3 `__proto__` is no key | Use another name.'],
  },
  {
    name: 'not a group',
    yaml: '- app: shop\n',
    expected: [
      '1:1 slipway.yaml must be a group of settings, not a list | Start with `app: my-app`; every setting is in the configuration reference.',
    ],
  },
  {
    name: 'empty file',
    yaml: '',
    expected: ['1:1 the file is empty | Start with `app: my-app`; every setting is in the configuration reference.'],
  },
  {
    name: 'several at once',
    yaml: 'app: Shop\nheath: /x\nedge: { listen: "1" }\nenvironments:\n  dev: { compose: ../x.yml, role: web }\n  prod: { source: { git: { branch: "-x" } } }\n',
    expected: [
      '1:6 `app`: "Shop" is not a name for an app | Use lower-case letters, digits and hyphens, start with a letter, at most 30 characters.',
      '2:1 unknown setting "heath" | Did you mean `health`?',
      '3:17 "1" is not an address to listen on | Write address and port (1 to 65535), as in 0.0.0.0:3000, 127.0.0.1:3000 or [::]:3000.',
      '5:19 the path "../x.yml" leaves the project\'s folder | Write a path below the folder of slipway.yaml, as in infra/compose.yml.',
      '5:29 unknown setting "role" | Under `environments.dev` there can be: compose, env_file, source, server, production, services, health, database, migrate, rehearse, edge, hold, drain, watch, warm, hooks, backups, secrets, registries, rollback, retention, servers.',
      '6:36 "-x" is not a branch name: it starts with a hyphen | Write the name as `git branch` prints it, as in main or release/2.',
    ],
  },
]

interface Mistake {
  name: string
  yaml: string
  expected: string[]
}
