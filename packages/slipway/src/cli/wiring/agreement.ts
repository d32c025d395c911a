import type { EnvironmentConfig } from '../../config/model.ts'
import type { Agreement, AgreementKey } from '../../release/several/agreement.ts'
import { decidingOnDisk } from '../../runner/agreement/deciding.ts'
import { followingOver } from '../../runner/agreement/following.ts'
import { agreementPlace } from '../../runner/agreement/place.ts'
import { overSsh } from '../../runner/agreement/ssh-channel.ts'
import { readWay } from '../../runner/agreement/way.ts'
import type { Layout } from '../../store/layout.ts'

/** How this server agrees with the others. Undefined: there are none. */
export async function openAgreement(
  { placement }: EnvironmentConfig,
  layout: Layout,
  followed: AgreementKey | undefined,
): Promise<Agreement | undefined> {
  const here = placement?.here
  if (placement === undefined || here === undefined) return undefined
  if (here === placement.decides) {
    return decidingOnDisk(
      layout,
      placement.servers.map(({ name }) => name).filter(name => name !== here),
    )
  }
  const { key, way } = agreementPlace(layout)
  // Read anew for each connection: it may be told of another way meanwhile.
  return followingOver(async () => overSsh(await readWay(way), key), { server: here, key: followed ?? unknownToAll })
}

/** For what takes up or looks: which deployment that is stands in the journal. */
const unknownToAll: AgreementKey = 'd0@'
