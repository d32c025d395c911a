import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * What Docker answers to a GET on its own socket: what `docker ps` and `docker inspect` print, without a program for each
 * look, which takes the processor from those who serve. Undefined: Docker can not be asked there, does not answer in
 * time or refuses. Whoever asks then runs the docker CLI, which knows contexts, TLS and SSH, and says why it can not.
 */
export async function askDocker(path: string): Promise<DockerAnswer | undefined> {
  const socket = await dockerSocket(process.env)
  if (socket === undefined) return undefined
  const answer = await get(socket, path)
  if (answer === undefined) return undefined
  try {
    const value = JSON.parse(answer.body) as unknown
    if (answer.status === 200) return { kind: 'found', value }
    return answer.status === 404 && isMessage(value) ? { kind: 'missing' } : undefined
  } catch {
    return undefined
  }
}

/** What Docker says when it does not do what it is asked: somebody else's 404 would not say that there is nothing. */
function isMessage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
}

export type DockerAnswer = { kind: 'found'; value: unknown } | { kind: 'missing' }

/** The path for `askDocker` that looks at one container, by its id or name. */
export function containerPath(container: string): string {
  return `/containers/${encodeURIComponent(container)}/json`
}

/** The path for `askDocker` that looks at one image, by its id or any name. */
export function imagePath(image: string): string {
  return `/images/${encodeURIComponent(image)}/json`
}

/** The path for `askDocker` that lists containers or networks; filters as `docker ps --filter` takes them. */
export function listPath(what: 'containers' | 'networks', filters: readonly string[]): string {
  const chosen: Record<string, string[]> = {}
  for (const filter of filters) {
    const [key = '', ...value] = filter.split('=')
    chosen[key] = [...(chosen[key] ?? []), value.join('=')]
  }
  const list = what === 'containers' ? '/containers/json?all=true&' : '/networks?'
  return `${list}filters=${encodeURIComponent(JSON.stringify(chosen))}`
}

/**
 * The socket that the docker CLI would use; undefined: it would not use one, or another context decides. A context wins
 * over DOCKER_HOST, as it does there.
 */
export async function dockerSocket(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { DOCKER_CONTEXT: context, DOCKER_HOST: host, DOCKER_CONFIG: folder } = environment
  if (isOther(context)) return undefined
  if (host !== undefined && host !== '') return host.startsWith('unix:///') ? host.slice('unix://'.length) : undefined
  if (isOther(await currentContext(folder ?? join(homedir(), '.docker')))) return undefined
  return '/var/run/docker.sock'
}

function isOther(context: string | undefined): boolean {
  return context !== undefined && context !== '' && context !== 'default'
}

/** A file that can not be read says nothing; what it should have said the CLI will tell. */
async function currentContext(folder: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(join(folder, 'config.json'), 'utf8')
  } catch {
    return undefined
  }
  try {
    return (JSON.parse(text) as { currentContext?: string }).currentContext
  } catch {
    return 'unknown'
  }
}

function get(socketPath: string, path: string): Promise<{ status: number | undefined; body: string } | undefined> {
  return new Promise(resolve => {
    const nothing = () => resolve(undefined)
    const headers = { host: 'docker' }
    const asked = request({ socketPath, path, headers, agent, timeout: answersWithinMs }, answer => {
      const parts: Buffer[] = []
      let bytes = 0
      answer.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > maxBytes) asked.destroy()
        else parts.push(part)
      })
      answer.once('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(parts).toString('utf8') }))
      answer.once('close', nothing)
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', nothing)
    asked.end()
  })
}

/** One connection serves many looks; nobody waits for one that is idle. */
const agent = new Agent({ keepAlive: true })
/** Without a word for so long. */
const answersWithinMs = 3000
const maxBytes = 64 * 1024 * 1024
