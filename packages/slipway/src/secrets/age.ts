import type { Decrypter, Encrypter } from 'age-encryption'

/** Encryption by the age library, loaded when it is first needed. */
export async function encryptor(recipients: readonly string[]): Promise<Encrypt> {
  const { Encrypter, armor } = await import('age-encryption')
  const encrypter: Encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return async clear => armor.encode(await encrypter.encrypt(clear))
}

/** Gives the armored ciphertext. */
export type Encrypt = (clear: Uint8Array) => Promise<string>

export async function decryptor(identities: readonly string[]): Promise<Decrypt> {
  const { Decrypter, armor } = await import('age-encryption')
  const decrypter: Decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  return async armored => decrypter.decrypt(armor.decode(armored))
}

/** Throws when no identity fits, or the ciphertext was altered. */
export type Decrypt = (armored: string) => Promise<Uint8Array>

/** Classic X25519: the age tool of every distribution reads what is encrypted to it. */
export async function newIdentity(): Promise<string> {
  const { generateX25519Identity } = await import('age-encryption')
  return generateX25519Identity()
}

/** The public key of an identity. Throws when it is none. */
export async function recipientOf(identity: string): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  return identityToRecipient(identity)
}

/** Whether a public key is one: its checksum is looked at too. */
export async function isRecipient(key: string): Promise<boolean> {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(key)) return false
  try {
    await encryptor([key])
    return true
  } catch {
    return false
  }
}
