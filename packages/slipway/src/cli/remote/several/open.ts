import type { EnvironmentConfig, Placement } from '../../../config/model.ts'
import type { Promotion } from '../../../release/promotion.ts'
import type { Application } from '../../application.ts'
import { ProjectToSend } from '../project-to-send.ts'
import { RemoteServer } from '../remote-server.ts'
import { SeveralApplication } from './several-application.ts'

/** An environment of several servers: what is sent to them is read once. */
export function openSeveral(
  config: EnvironmentConfig,
  placement: Placement,
  note: (text: string) => void = () => undefined,
  promotion?: Promotion,
): Application {
  const project = new ProjectToSend(config, promotion)
  const servers = placement.servers.map(server => new RemoteServer({ config, server, project, note }))
  return new SeveralApplication({ config, placement, servers, note, introduce: () => Promise.resolve() })
}
