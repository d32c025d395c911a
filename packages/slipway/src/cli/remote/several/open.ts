import { join } from 'node:path'
import type { EnvironmentConfig, Placement } from '../../../config/model.ts'
import type { Promotion } from '../../../release/promotion.ts'
import type { Application } from '../../application.ts'
import { SlipwayError } from '../../../support/errors.ts'
import { pinnedKeysName, readPinnedKeys } from '../../../servers/ssh/pinned-keys.ts'
import { introduceFollowers } from '../introduce.ts'
import { ProjectToSend } from '../project-to-send.ts'
import { RemoteServer } from '../remote-server.ts'
import { SeveralApplication, type Introduce } from './several-application.ts'

/** An environment of several servers: what is sent to them is read once. */
export function openSeveral(
  config: EnvironmentConfig,
  placement: Placement,
  note: (text: string) => void = () => undefined,
  promotion?: Promotion,
): Application {
  const project = new ProjectToSend(config, promotion)
  const servers = placement.servers.map(server => new RemoteServer({ config, server, project, note }))
  return new SeveralApplication({ config, placement, servers, note, introduce: introducing(config, placement) })
}

function introducing({ directory }: EnvironmentConfig, placement: Placement): Introduce {
  return async sessions => {
    const server = placement.servers.find(({ name }) => name === placement.decides)
    const deciding = sessions.get(placement.decides)
    if (server === undefined || deciding === undefined) throw new SlipwayError('BUG', 'No server decides')
    const followers = new Map([...sessions].filter(([name]) => name !== placement.decides))
    const hostKeysOfDeciding = await readPinnedKeys(join(directory, pinnedKeysName), server)
    await introduceFollowers({ deciding, followers, placement, hostKeysOfDeciding })
  }
}
