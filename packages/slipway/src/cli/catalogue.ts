import { backupCommand } from './catalogue/data.ts'
import { attachCommand, historyCommand, logsCommand, statusCommand } from './catalogue/look.ts'
import { deployCommand, planCommand, resumeCommand, rollbackCommand } from './catalogue/release.ts'
import { checkCommand } from './catalogue/set-up.ts'
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
  rollbackCommand,
  resumeCommand,
  attachCommand,
  statusCommand,
  historyCommand,
  logsCommand,
  backupCommand,
  checkCommand,
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
