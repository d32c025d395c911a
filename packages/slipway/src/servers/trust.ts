import { SlipwayError } from '../support/errors.ts'
import type { ServerAddress } from './ssh/address.ts'
import { firstKey } from './ssh/first-key.ts'
import { fingerprint, pinKey, readPinnedKeys } from './ssh/pinned-keys.ts'

/** Looks at the key with which a server answers, and pins it when a person has said which it must be. */
export async function trustServer(server: ServerAddress, file: string, request: TrustRequest): Promise<Trusted> {
  const attempted = `Pinning the key of server ${server.name}`
  const key = await firstKey(server)
  const shown = fingerprint(key)
  const before = await readPinnedKeys(file, server)
  const { name, host, port } = server
  const report = { name, host, port, type: key.type, fingerprint: shown, file }
  if (request.fingerprint !== undefined && request.fingerprint !== shown) {
    throw new SlipwayError('HOST_KEY_CHANGED', attempted, {
      why: `It answers with ${shown}, and not with ${harmlessFingerprint(request.fingerprint)}.`,
      state: 'Nothing was pinned, and nothing was sent.',
      next: 'Look at the key on the console of the provider. If that shows what you gave, somebody stands in between.',
    })
  }
  if (before.some(each => each.type === key.type && each.key === key.key)) return { ...report, outcome: 'already' }
  if (before.length > 0 && !request.replace) {
    throw new SlipwayError('HOST_KEY_CHANGED', attempted, {
      why: `Another key is pinned (${before.map(fingerprint).join(', ')}), and it answers with ${shown}.`,
      state: 'Nothing was pinned, and nothing was sent.',
      next: 'If the server was installed again, compare the key on the console of the provider and add --replace.',
    })
  }
  if (request.fingerprint === undefined && !request.acceptAny) return { ...report, outcome: 'shown' }
  await pinKey(file, server, key)
  return { ...report, outcome: 'pinned' }
}

export interface TrustRequest {
  fingerprint?: string
  acceptAny: boolean
  replace: boolean
}

export interface Trusted {
  name: string
  host: string
  port: number
  type: string
  fingerprint: string
  outcome: 'pinned' | 'already' | 'shown'
  file: string
}

function harmlessFingerprint(given: string): string {
  return JSON.stringify(given.slice(0, 80))
}
