import type { ErrorCode } from '../support/errors.ts'
import type { Wanted } from './git-argv.ts'

/** What it means that nothing could be fetched, by what git and the programs under it printed. Pure. */
export function fetchMeaning(printed: string, wanted: Wanted): Meaning | undefined {
  return meanings.find(({ pattern }) => pattern.test(printed))?.means(wanted)
}

export interface Meaning {
  code: ErrorCode
  why: string
  next: string
  /** Hosts do not tell strangers which repositories there are. */
  mayBeLogin?: true
}

/** The first that fits: what ssh says comes before what git makes of it. */
const meanings: readonly { pattern: RegExp; means: (wanted: Wanted) => Meaning }[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    means: () => ({ code: 'DISK_FULL', why: 'the disk is full', next: 'Free some disk space and deploy again.' }),
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known for/i,
    means: () => ({
      code: 'HOST_KEY_CHANGED',
      why: 'the host of the repository answers with another key than the pinned one; nothing was sent',
      next: 'Find out why before anything else: ssh-keygen -F <host> shows which key this machine knows.',
    }),
  },
  {
    pattern: /Permission denied|Too many authentication failures|no mutual signature/i,
    means: () => ({
      code: 'LOGIN_REFUSED',
      why: 'the host of the repository does not accept the key',
      next: 'Check that the key may read the repository.',
    }),
  },
  {
    pattern:
      /Authentication failed|could not read (Username|Password)|terminal prompts disabled|returned error: 40[13]|HTTP Basic: Access denied/i,
    means: () => ({
      code: 'LOGIN_REFUSED',
      why: 'the host of the repository does not accept the login, or wants one',
      next: 'Check that the token is right, has not expired and may read the repository.',
    }),
  },
  {
    pattern: /find remote ref/i,
    means: ({ branch }) => ({
      code: 'SOURCE_FAILED',
      why: `the repository has no branch ${branch}`,
      next: `Push it, or correct source.git.branch in slipway.yaml.`,
    }),
  },
  {
    pattern: /unadvertised object|not our ref|no such remote ref|remote ref [0-9a-f]{40}/i,
    means: ({ commit }) => ({
      code: 'SOURCE_FAILED',
      why: `the repository does not give out the commit ${commit?.slice(0, 12) ?? ''}`,
      next: 'Push it to the branch first. Some hosts give out only what is on a branch.',
    }),
  },
  {
    pattern: /transport '.*' not allowed/i,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'its address is of a kind that is not used: git would start a program for it',
      next: 'Use an address of https or SSH.',
    }),
  },
  {
    pattern: /update url base from redirection|redirect/i,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'the host says that the repository is somewhere else now',
      next: 'Write its new address into slipway.yaml: a token is not sent elsewhere by itself.',
    }),
  },
  {
    pattern: /Could not resolve host/i,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'the name of its host leads to no address',
      next: 'Check the address of the repository, and the name servers of this machine.',
    }),
  },
  {
    pattern: /certificate|SSL/,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'the certificate of its host can not be trusted',
      next: 'Check the address, and the certificate of the host.',
    }),
  },
  {
    pattern: /Connection refused|No route to host|Network is unreachable|Failed to connect|Connection timed out/i,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'its host does not answer',
      next: 'Check the address, and that this machine may reach it: firewalls, ports.',
    }),
  },
  {
    // Before the lines that git adds when the other side ends: those name a cause, and it is another one.
    pattern:
      /repository .*not found|Repository not found|does not appear to be a git repository|returned error: 404|not a git repository|no such (path|repository)|does not exist/i,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'there is no such repository, or it is not shown to who asks',
      next: 'Check its address.',
      mayBeLogin: true,
    }),
  },
  {
    pattern:
      /early EOF|unexpected disconnect|hung up|RPC failed|too slow|Broken pipe|Connection (closed|reset)|timed out|Timeout, server|index-pack failed/i,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'the connection to its host broke',
      next: 'Try again.',
    }),
  },
  {
    pattern: /Could not read from remote repository/i,
    means: () => ({
      code: 'SOURCE_FAILED',
      why: 'its host ended the connection before anything came',
      next: 'Try again, and check the address.',
      mayBeLogin: true,
    }),
  },
]
