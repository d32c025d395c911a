import { newIdentity, recipientOf } from '../../src/secrets/age.ts'
import { newSecrets, withValues } from '../../src/secrets/change.ts'
import type { OpenSecrets } from '../../src/secrets/open.ts'
import type { Recipient } from '../../src/secrets/sealed-file.ts'

/** People, CI and recovery for tests: fresh keys, a file of secrets with some values in it. */
export interface Holder extends Recipient {
  identity: string
}

export async function holder(name: string, kind: Recipient['kind'] = 'person'): Promise<Holder> {
  const identity = await newIdentity()
  return { name, kind, key: await recipientOf(identity), identity }
}

export function publicPart({ name, kind, key }: Holder): Recipient {
  return { name, kind, key }
}

export const owner = { app: 'shop', environment: 'prod' }

export async function secretsOf(holders: readonly Holder[], values: Record<string, string>): Promise<OpenSecrets> {
  const empty = await newSecrets(owner, holders.map(publicPart))
  return withValues(empty, bytesOf(values))
}

export function bytesOf(values: Record<string, string>): Map<string, Uint8Array> {
  return new Map(Object.entries(values).map(([name, value]) => [name, Buffer.from(value)]))
}

export function identities(...holders: Holder[]): { keys: string[]; from: string } {
  return { keys: holders.map(each => each.identity), from: 'a test' }
}
