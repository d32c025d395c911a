import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { labelled } from '../../render/trouble.ts'
import type { Screen } from '../../render/screen.ts'
import { bytes, plural } from '../../render/words.ts'
import type { ServerState } from '../../../servers/state.ts'
import { loginOf, openServers } from './open.ts'

export const run: Handler<{ server: string; login: string | undefined }> = async (input, context) => {
  const servers = await openServers(context)
  const state = await servers.show(input.server, { signal: context.signal, ...loginOf(input.login) })
  return { exitCode: exitCodes.ok, document: state, text: () => showText(state, context.stdout) }
}

function showText(state: ServerState, screen: Screen): string {
  const { paint } = screen
  const {
    name,
    system,
    container,
    disk,
    memory,
    upSince,
    docker,
    containers,
    rebootNeeded,
    engineUpdates,
    deployKeys,
  } = state
  const line = (label: string, text: string): string[] => labelled(label, text, screen, 10)
  return [
    paint.strong(name),
    ...line('system', container === 'none' ? system : `${system}, in a container (${container})`),
    ...line('up since', upSince),
    ...line('disk', `${bytes(disk.freeBytes)} free of ${bytes(disk.totalBytes)}`),
    ...line('memory', `${bytes(memory.availableBytes)} free of ${bytes(memory.totalBytes)}`),
    ...line('docker', docker === '' ? 'does not answer' : `${docker}, ${plural(containers, 'container')} running`),
    ...(engineUpdates.length === 0
      ? []
      : line('updates', `${engineUpdates.join(', ')}: slipway server upgrade ${name}`)),
    ...deployKeys.flatMap(({ project, publicKey }) => line('git key', `of ${project}:\n${publicKey}`)),
    ...(rebootNeeded ? line('reboot', 'an update waits for one') : []),
    '',
  ].join('\n')
}
