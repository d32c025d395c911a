import { stateContainers } from '../../engine/state.ts'
import type { Ports } from '../../release/ports.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { LogLine, LogsRequest } from '../application.ts'

/** The logs of the current release's containers and of the state services, line by line. */
export async function followLogs(
  request: LogsRequest,
  ports: Ports,
  project: string,
  write: (line: LogLine) => void,
): Promise<number> {
  const current = await ports.releases.current()
  if (current === undefined) throw new SlipwayError('NO_RELEASE', 'Nothing was deployed yet', { next: 'Deploy first.' })
  const all = [...(await ports.engine.containers(current)), ...(await stateContainers(project)).map(each => each.state)]
  const wanted = all.filter(container => request.service === undefined || container.service === request.service)
  if (wanted.length === 0) {
    throw new SlipwayError('USAGE', `There is no service ${request.service ?? ''}`, {
      next: `Choose one of ${[...new Set(all.map(container => container.service))].join(', ')}.`,
    })
  }
  const { execa } = await import('execa')
  await Promise.all(
    wanted.map(async container => {
      const argv = ['logs', '--tail', String(request.lines), ...(request.follow ? ['--follow'] : []), container.id]
      const process = execa('docker', argv, { all: true, reject: false, buffer: false, cancelSignal: request.signal })
      for await (const text of process.iterable({ from: 'all' })) write({ service: container.service, text })
    }),
  ).catch((error: unknown) => {
    if (!request.signal.aborted) throw error
  })
  return 0
}
