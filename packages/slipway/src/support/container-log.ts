/**
 * Follows what a container prints, from its beginning, until it stops or nobody wants to hear more. Where that can not be
 * had, nothing is heard.
 */
export async function followLog(container: string, heard: (text: string) => void): Promise<FollowedLog> {
  const { execa } = await import('execa')
  const stream = execa('docker', ['logs', '--follow', '--', container], {
    reject: false,
    buffer: false,
    stdin: 'ignore',
    all: true,
  })
  stream.all.setEncoding('utf8')
  stream.all.on('data', heard)
  return {
    ended: stream.then(() => undefined),
    stop() {
      stream.kill()
    },
  }
}

export interface FollowedLog {
  /** Nothing more is heard: perhaps the container has stopped, perhaps this could never be had. */
  ended: Promise<void>
  stop(): void
}
