/**
 * A file of secrets as it lies in the repository: `secrets/<environment>.yaml`. Names stand in clear, each value is an
 * armored age ciphertext of its own, readable with the age tool alone, and one seal holds all of it together.
 */
export interface SealedFile {
  app: string
  environment: string
  /** Goes up by one with every change. */
  revision: number
  recipients: readonly Recipient[]
  /** Name to armored ciphertext, in the order of the names. */
  values: ReadonlyMap<string, string>
  seal: {
    /** The keys of the seal, encrypted to the recipients as the values are. */
    keys: string
    /** Over names, values, recipients and all else, by the first of the keys. */
    mac: string
  }
}

export interface Recipient {
  name: string
  kind: RecipientKind
  /** The public key: `age1…`. */
  key: string
}

export const recipientKinds = ['person', 'ci', 'recovery'] as const
export type RecipientKind = (typeof recipientKinds)[number]

/** What every change starts from. */
export type Contents = Omit<SealedFile, 'seal'>

/** By code units, so that everybody's machine sorts alike. */
export function inOrder<Value>(values: Iterable<readonly [string, Value]>): Map<string, Value> {
  return new Map([...values].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)))
}
