import { exitCodes } from '../../support/errors.ts'
import { defineCommand } from '../command.ts'
import { commonExits } from './shared.ts'

export const checkCommand = defineCommand({
  name: 'check',
  group: 'Set up',
  summary: 'list every mistake in slipway.yaml, the Compose files and secrets, and secrets in clear in Git',
  details:
    'What Git keeps of the folder is searched for private keys, tokens, env files, and, when a key is at hand, for the\nvalues themselves. What was found and is no secret, or is worthless by now, is named in slipway.yaml: scan.allow.',
  examples: [
    { does: 'all environments', run: 'slipway check' },
    { does: 'one of them, in a pipeline', run: 'slipway check prod --json' },
    { does: 'what Git has ever kept, too: once, and each night', run: 'slipway check --history' },
  ],
  arguments: { environment: { does: 'only this environment', required: false } },
  options: { history: { kind: 'flag', does: 'search all commits for secrets in clear, not only the files of now' } },
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/check.ts'),
})

export const atStartCommand = defineCommand({
  name: 'at-start',
  group: 'Set up',
  summary: 'let this machine end what was cut off when it starts, and look after what is kept warm',
  details: [
    'A unit of systemd that runs slipway resume --all once Docker is there. Without an option it is only shown. For',
    'environments that this machine deploys itself; on servers that are deployed to, Docker starts their runner again.',
    'It belongs to one home of Slipway, and runs as the owner of that folder.',
  ].join('\n'),
  examples: [
    { does: 'is it there? if not, what would it be?', run: 'slipway at-start' },
    { does: 'install it', run: 'sudo slipway at-start --install' },
    {
      does: 'for a user who deploys without root',
      run: 'sudo SLIPWAY_HOME="$HOME/.local/share/slipway" slipway at-start --install',
    },
  ],
  arguments: {},
  options: {
    install: { kind: 'flag', does: 'write the unit and enable it' },
    remove: { kind: 'flag', does: 'disable the unit and remove it' },
  },
  onInterrupt: 'leave',
  exits: { ...commonExits, [exitCodes.changesPending]: 'it is not installed, or another one is' },
  handler: () => import('../commands/at-start.ts'),
})
