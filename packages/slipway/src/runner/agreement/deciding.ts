import type { Deciding } from '../../release/several/agreement.ts'
import type { Layout } from '../../store/layout.ts'
import { decisionsOnDisk } from './decisions.ts'
import { agreementPlace } from './place.ts'
import { toldBy, type Told } from './reports.ts'

/** The side of the server that decides: it reads what others find on its disk, and what they left there. */
export function decidingOnDisk(layout: Layout, servers: readonly string[]): Deciding {
  const { reports } = agreementPlace(layout)
  return {
    role: 'decides',
    servers,
    async heard(key) {
      const all = await Promise.all(servers.map(async server => [server, await toldBy(reports, server, key)] as const))
      return new Map(all.filter((each): each is readonly [string, Told] => each[1] !== undefined))
    },
    decisions: key => decisionsOnDisk(layout, key),
  }
}
