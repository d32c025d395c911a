import { defineCommand } from '../command.ts'
import { commonExits } from './shared.ts'

export const checkCommand = defineCommand({
  name: 'check',
  group: 'Set up',
  summary: 'list every mistake in slipway.yaml, the Compose files and secrets, and secrets in clear in Git',
  details:
    'What Git keeps of the folder is searched for private keys, tokens, env files, and, when a key is at hand, for the\nvalues themselves. What was found and is no secret is named in slipway.yaml: scan.allow.',
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
