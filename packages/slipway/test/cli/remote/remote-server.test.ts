import { expect, test, vi } from 'vitest'
import type { ProjectToSend } from '../../../src/cli/remote/project-to-send.ts'
import { RemoteServer } from '../../../src/cli/remote/remote-server.ts'
import type { Session } from '../../../src/cli/remote/session.ts'
import type { PlacedServer } from '../../../src/config/model.ts'
import type { SessionPlace } from '../../../src/runner/container-argv.ts'
import { SlipwayError } from '../../../src/support/errors.ts'
import { environmentConfig } from '../../config/subject.ts'

const server: PlacedServer = {
  name: 'app-1',
  host: 'app-1.example.com',
  user: 'deploy',
  port: 22,
  adminAddresses: [],
  openPorts: [],
  swapMegabytes: 0,
  home: '/srv/slipway',
  runner: `registry.example.com/runner@sha256:${'a'.repeat(64)}`,
  services: ['api'],
}
const project = {
  directory: '/project',
  file: 'slipway.yaml',
  folders: () => ({ folders: ['/opt/backups'], files: [] }),
} as unknown as ProjectToSend

function connected(change: object, answers: Record<string, unknown> = {}) {
  const places: SessionPlace[] = []
  const session = {
    ask: vi.fn(async (call: string) => answers[call]),
    close: vi.fn(async () => undefined),
  }
  const there = new RemoteServer(
    { config: environmentConfig(change), server, project, note: () => undefined },
    async (_server, place) => {
      places.push(await place)
      return session as unknown as Session
    },
  )
  return { there, places, session }
}

test('one of several servers is told which of them it is', async () => {
  const several = connected({ placement: { servers: [server], decides: 'app-1' } })
  await several.there.connected()
  expect(several.places).toEqual([
    {
      image: server.runner,
      home: '/srv/slipway',
      folders: ['/opt/backups'],
      files: [],
      server: 'app-1',
      project: 'shop-prod',
      environment: 'prod',
    },
  ])
  const single = connected({ server })
  await single.there.connected()
  expect(single.places[0]).not.toHaveProperty('server')
})

test('a server that can not be reached is not tried again by the same command', async () => {
  const away = new SlipwayError('SERVER_UNREACHABLE', 'no answer')
  const open = vi.fn(() => Promise.reject(away))
  const there = new RemoteServer({ config: environmentConfig(), server, project, note: () => undefined }, open)
  await expect(there.opened()).rejects.toBe(away)
  await expect(there.forRollback()).rejects.toBe(away)
  expect(open).toHaveBeenCalledTimes(1)
  await there.close()
})

test('what was deployed is opened once, and its folder is told as the one here', async () => {
  const { there, session } = connected({}, { open: { opened: true, folder: '/srv/slipway/uploads/0123' } })
  await Promise.all([there.opened(), there.opened()])
  expect(session.ask.mock.calls.map(([call]) => call)).toEqual(['open'])
  const failed = there.renamed(() =>
    Promise.reject(new SlipwayError('COMPOSE_INVALID', 'wrong: /srv/slipway/uploads/0123/compose.yaml')),
  )
  await expect(failed).rejects.toMatchObject({ message: 'wrong: /project/compose.yaml' })
})

test('nothing is started after Ctrl-C', async () => {
  const { there, session } = connected({})
  const interrupt = new AbortController()
  interrupt.abort('SIGINT')
  const opened = await there.connected()
  await expect(there.start(opened, { act: 'deploy' }, interrupt.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' })
  expect(session.ask).not.toHaveBeenCalled()
  await there.close()
  expect(session.close).toHaveBeenCalledTimes(1)
})
