import { mkdir } from 'node:fs/promises'
import { admittedLine, markOf } from '../../runner/agreement/admission.ts'
import { agreementPlace } from '../../runner/agreement/place.ts'
import { ownPlace } from '../../runner/place.ts'
import { ensureDeployKey } from '../../source/deploy-key.ts'
import type { Layout } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { Calls } from './calls.ts'

/** What a server does when it gets to know the others of its environment. */
export function followerKey(layout: Layout, project: string): Promise<string> {
  const { key } = agreementPlace(layout)
  return ensureDeployKey(key, `slipway ${project}`, 'the server that decides is asked')
}

export async function admitFollowers(
  layout: Layout,
  project: string,
  followers: Readonly<Record<string, string>>,
): Promise<Calls['admit']['answer']> {
  const image = ownPlace()?.image
  if (image === undefined) throw new SlipwayError('BUG', 'Followers can only be let in from the session of a server')
  // The answering side gets no more of this disk than these two.
  for (const folder of [layout.journals, agreementPlace(layout).reports]) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  }
  const lines = Object.entries(followers).map(([server, publicKey]) =>
    admittedLine({ project, server, image, layout, publicKey }),
  )
  return { mark: markOf(project), lines }
}
