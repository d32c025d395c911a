import type { ServerConfig } from '../config/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { lastLines } from '../support/run.ts'

/** Why no session began on a server that let us in, by what docker or the shell said. `absent`: only the image is missing. */
export function sessionRefusal(server: Account, exitCode: number, printed: string): SlipwayError | 'absent' {
  if (/unable to find image|no such image|pull access denied/i.test(printed)) return 'absent'
  const found = meanings.find(({ pattern }) => pattern.test(printed))
  const attempted = `Slipway's runner could not be started on the server ${server.name}`
  const known = found ?? (exitCode === notFound ? noDocker : undefined)
  return new SlipwayError(known?.code ?? 'SERVER_UNSUITABLE', attempted, {
    why: known?.why ?? `docker run ended with code ${exitCode}`,
    state: 'nothing was changed there',
    next: known?.next(server) ?? `Look at what Docker says there: docker info`,
    output: lastLines(printed),
  })
}

type Account = Pick<ServerConfig, 'name' | 'user'>

interface Meaning {
  pattern: RegExp
  code: 'SERVER_UNSUITABLE' | 'ENGINE_UNAVAILABLE' | 'DISK_FULL'
  why: string
  next: (server: Account) => string
}

const notFound = 127

const noDocker: Meaning = {
  pattern: /docker['"]?: (command )?not found/i,
  code: 'SERVER_UNSUITABLE',
  why: 'Docker Engine is not installed there',
  next: () => 'Install it: https://docs.docker.com/engine/install',
}

const meanings: readonly Meaning[] = [
  {
    pattern: /no space left on device|disk quota exceeded/i,
    code: 'DISK_FULL',
    why: 'its disk is full',
    next: () => 'Free some space there: docker system df shows what Docker keeps.',
  },
  {
    pattern: /permission denied[^\n]*docker|docker[^\n]*permission denied/i,
    code: 'SERVER_UNSUITABLE',
    why: 'the account may not use Docker',
    next: ({ user }) => `Let it, as root on the server: usermod -aG docker ${user}`,
  },
  {
    pattern: /cannot connect to the docker daemon|is the docker daemon running|error during connect/i,
    code: 'ENGINE_UNAVAILABLE',
    why: 'Docker Engine does not answer there',
    next: () => 'Start it there: systemctl start docker',
  },
  noDocker,
]
