import type { Topic } from './topic.ts'
import { dockerEngine, dockerHold, dockerSettings } from './topics/docker.ts'
import { fail2ban } from './topics/fail2ban.ts'
import { firewall } from './topics/firewall.ts'
import { folders } from './topics/folders.ts'
import { kernel } from './topics/kernel.ts'
import { logs } from './topics/logs.ts'
import { packages } from './topics/packages.ts'
import { ssh } from './topics/ssh.ts'
import { swap } from './topics/swap.ts'
import { time } from './topics/time.ts'
import { updates } from './topics/updates.ts'
import { deployUser } from './topics/user.ts'

/** In the order in which they are set up: what can keep somebody out comes last. */
export const topics: readonly Topic[] = [
  packages,
  dockerEngine,
  dockerSettings,
  dockerHold,
  deployUser,
  folders,
  updates,
  logs,
  kernel,
  time,
  swap,
  fail2ban,
  firewall,
  ssh,
]

/** What keeps others out, for a server on which Docker is looked after by somebody else. */
export const hardeningTopics: readonly Topic[] = [packages, deployUser, updates, kernel, fail2ban, firewall, ssh]
