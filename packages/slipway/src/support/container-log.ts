/** Follows what a container prints, from its beginning. Where that can not be had, nothing is heard. */
export async function followLog(container: string, heard: (text: string) => void): Promise<{ stop(): void }> {
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
    stop() {
      stream.kill()
    },
  }
}
