import { backupCommand } from './catalogue/data.ts'
import { attachCommand, execCommand, historyCommand, logsCommand, statusCommand } from './catalogue/look.ts'
import { deployCommand, planCommand, promoteCommand, resumeCommand, rollbackCommand } from './catalogue/release.ts'
import { atStartCommand, checkCommand } from './catalogue/set-up.ts'
import { secretsCommands } from './catalogue/secrets.ts'
import {
  serverCheckCommand,
  serverHardenCommand,
  serverListCommand,
  serverRemoveCommand,
  serverSetUpCommand,
  serverShowCommand,
  serverSshCommand,
  serverTrustCommand,
  serverUpgradeCommand,
} from './catalogue/server.ts'
import type { Command } from './command.ts'

/** All commands, in the order of `--help`. */
export const commands: readonly Command[] = [
  deployCommand,
  planCommand,
  promoteCommand,
  rollbackCommand,
  resumeCommand,
  attachCommand,
  statusCommand,
  historyCommand,
  logsCommand,
  execCommand,
  backupCommand,
  ...secretsCommands,
  checkCommand,
  atStartCommand,
  serverListCommand,
  serverTrustCommand,
  serverCheckCommand,
  serverSetUpCommand,
  serverHardenCommand,
  serverShowCommand,
  serverSshCommand,
  serverUpgradeCommand,
  serverRemoveCommand,
]

/** First words of commands of several words. */
export const topics: readonly { name: string; summary: string; details: string }[] = [
  {
    name: 'secrets',
    summary: 'keep secrets encrypted in the repository: set, edit, generate, rotate, …',
    details: [
      'They lie in secrets/<environment>.yaml: names in clear, each value encrypted with age to everybody who may read',
      'it. The private key is taken from SLIPWAY_AGE_KEY, else from the file SLIPWAY_AGE_KEY_FILE, else from',
      '~/.config/slipway/age.txt.',
    ].join('\n'),
  },
  {
    name: 'server',
    summary: 'set up servers, check and harden them: list, trust, check, setup, …',
    details: [
      'Servers stand in slipway.yaml under `servers`, and are reached by the OpenSSH of this machine. Their host keys are',
      'pinned in slipway.hosts beside it.',
    ].join('\n'),
  },
]
