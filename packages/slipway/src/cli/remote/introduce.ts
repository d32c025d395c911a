import type { Placement } from '../../config/model.ts'
import { admitScript } from '../../runner/agreement/admission.ts'
import type { HostKey } from '../../servers/ssh/pinned-keys.ts'
import { SlipwayError } from '../../support/errors.ts'
import { lastLines } from '../../support/run.ts'
import { decidingServer } from '../wiring/database-path.ts'
import type { Session } from './session.ts'

/**
 * The servers of an environment get to know each other, before anything is started: each follower's key is made there
 * and never leaves it; the server that decides lets it in for one command; each follower learns how that server is
 * reached and by which keys it is known. Safe to repeat, and repeated by every deployment: a follower that was taken out
 * of slipway.yaml is let in no more, and the command is this version's.
 */
export async function introduceFollowers({
  deciding,
  followers,
  placement,
  hostKeysOfDeciding,
}: Introduction): Promise<void> {
  const server = decidingServer(placement)
  const keys = await Promise.all(
    [...followers].map(async ([name, session]) => [name, (await session.ask('followerKey', {})).publicKey] as const),
  )
  const { mark, lines } = await deciding.ask('admit', { followers: Object.fromEntries(keys) })
  const { exitCode, stderr } = await deciding.connection.script(admitScript, [mark, ...lines], { timeoutMs: 60_000 })
  if (exitCode !== 0) {
    throw new SlipwayError('SERVER_COMMAND_FAILED', `The other servers could not be let in on ${server.name}`, {
      why: lastLines(stderr, 1)[0] ?? `the script ended with code ${exitCode}`,
      state: 'nothing was changed',
      next: `Look at ~/.ssh/authorized_keys of ${server.user} there, and at the disk.`,
      output: lastLines(stderr),
    })
  }
  const { name, user, port, address } = server
  const way = { name, user, port, host: address, hostKeys: [...hostKeysOfDeciding] }
  await Promise.all([...followers.values()].map(session => session.ask('introduce', { way })))
}

export interface Introduction {
  deciding: Pick<Session, 'ask' | 'connection'>
  followers: ReadonlyMap<string, Pick<Session, 'ask'>>
  placement: Placement
  /** As they are pinned. */
  hostKeysOfDeciding: readonly HostKey[]
}
