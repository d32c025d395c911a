import { join } from 'node:path'
import type { Layout } from '../../store/layout.ts'

/** Where the agreement of an environment's servers lies on the disk of each of them. Pure. */
export interface AgreementPlace {
  /** On the server that decides: what the others have told, a file each. */
  reports: string
  /** On every other: its key, which never leaves it. */
  key: string
  /** On every other: how the server that decides is reached. */
  way: string
}

export function agreementPlace({ environment }: Pick<Layout, 'environment'>): AgreementPlace {
  const folder = join(environment, 'agreement')
  return { reports: join(folder, 'reports'), key: join(folder, 'key'), way: join(folder, 'way.json') }
}

/** Names of servers become names of files, of containers, and words in authorized_keys. */
export function isServerName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z][a-z0-9-]{0,39}$/.test(value)
}
