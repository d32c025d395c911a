import { defineCommand } from '../command.ts'
import { commonExits, environment } from './shared.ts'

export const backupCommand = defineCommand({
  name: 'backup',
  group: 'Data',
  summary: 'make a backup of the database and verify it',
  examples: [
    { does: 'back up production now', run: 'slipway backup prod' },
    { does: 'from cron, every night', run: '0 3 * * * slipway backup prod --config /srv/shop/slipway.yaml' },
  ],
  arguments: environment,
  options: {},
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/backup.ts'),
})
