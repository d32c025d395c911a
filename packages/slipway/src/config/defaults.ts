/** What holds when slipway.yaml does not say. */
export const defaults = {
  /** The environment's name when slipway.yaml has none. */
  environment: 'local',
  composeFiles: ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'],
  envFile: '.env',
  health: { interval: '2s', deadline: '30s', timeout: '5s' },
  migrate: { timeout: '10m' },
  hold: { limit: '30s' },
  drain: { limit: '30s' },
  rehearse: { mode: 'full', timeout: '15m' },
  watch: '60s',
  warm: '10m',
  hooks: { timeout: '60s' },
  backups: { format: 'custom', keep: 5, keepDays: 30 },
  rollback: { data: 'ask' },
  retention: { releases: 5, databases: 1 },
  secrets: { folder: 'secrets', required: true, shared: false, as: 'file' },
  source: { remote: 'origin' },
  server: { user: 'deploy', port: 22, home: '/var/lib/slipway', swap: '2g' },
} as const
