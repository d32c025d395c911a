import type { Release } from '../release/model.ts'
import { labels } from './names.ts'

/** Follows Docker's events of the release's containers. A lost stream only means that the gate polls. */
export async function watchEvents(release: Release, changed: () => void): Promise<{ stop(): void }> {
  const { execa } = await import('execa')
  const argv = [
    'events',
    '--filter',
    'type=container',
    '--filter',
    `label=${labels.project}=${release.project}`,
    '--filter',
    `label=${labels.release}=${release.id}`,
    '--format',
    '{{.Action}}',
  ]
  const stream = execa('docker', argv, { reject: false, buffer: false, stdin: 'ignore' })
  stream.stdout.setEncoding('utf8')
  stream.stdout.on('data', (text: string) => {
    // Our own look at the health check is an event too (exec_start …): it must not call for another look.
    if (text.split('\n').some(line => line !== '' && !line.startsWith('exec_'))) changed()
  })
  return {
    stop() {
      stream.kill()
    },
  }
}
