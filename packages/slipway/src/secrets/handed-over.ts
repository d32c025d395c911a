import { SlipwayError } from '../support/errors.ts'
import { openedWith, type OpenSecrets, type Owner } from './open.ts'
import { parseSealKeys, printSealKeys } from './seal.ts'
import type { SealedFile } from './sealed-file.ts'

/**
 * Secrets that were opened elsewhere. The age key stays with the operator: a server gets, for one deployment, the values
 * of its environment and the seal's keys, by which it proves that they are those of the file it was sent.
 */
export interface HandedOver {
  /** In base64. */
  values: Readonly<Record<string, string>>
  sealKeys: string
}

export function handOver({ values, keys }: OpenSecrets): HandedOver {
  const entries = [...values].map(([name, value]) => [name, Buffer.from(value).toString('base64')] as const)
  return { values: Object.fromEntries(entries), sealKeys: printSealKeys(keys) }
}

/** From here on this process, which is of one environment, needs no key of its own. */
export function takeOver(handed: HandedOver | undefined): void {
  taken = handed
}

let taken: HandedOver | undefined

/** Undefined: nothing was handed over. Throws SECRETS_TAMPERED when it is not what the file holds. */
export function takenOver(sealed: SealedFile, file: string, who: Owner): OpenSecrets | undefined {
  if (taken === undefined) return undefined
  const keys = parseSealKeys(taken.sealKeys)
  if (keys === undefined) throw new SlipwayError('BUG', 'Secrets were handed over without the keys of their seal')
  const { values } = taken
  // The seal is over the file's own names: what else was handed over is nobody's.
  const clear = [...sealed.values.keys()].map(name => [name, Buffer.from(values[name] ?? '', 'base64')] as const)
  return openedWith(sealed, file, who, new Map(clear), keys)
}
