import { defineCommand } from '../command.ts'
import { commonExits } from './shared.ts'

export const checkCommand = defineCommand({
  name: 'check',
  group: 'Set up',
  summary: 'read slipway.yaml and the Compose files and list every mistake',
  examples: [
    { does: 'all environments', run: 'slipway check' },
    { does: 'one of them, in a pipeline', run: 'slipway check prod --json' },
  ],
  arguments: { environment: { does: 'only this environment', required: false } },
  options: {},
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/check.ts'),
})
