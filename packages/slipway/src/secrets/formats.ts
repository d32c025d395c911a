import { randomBytes, randomInt, randomUUID } from 'node:crypto'

/** What a value may be declared to look like: how it is recognised, and how a new one is made. */
export const secretFormats = {
  hex: {
    is: 'hexadecimal digits',
    fits: value => /^[0-9a-fA-F]+$/.test(value),
    make: length => fromAlphabet('0123456789abcdef', length),
  },
  base64: {
    is: 'base64',
    fits: value => /^[A-Za-z0-9+/]+={0,2}$/.test(value) && value.length % 4 === 0,
    make: length => base64Of(length),
  },
  base64url: {
    is: 'base64 for URLs',
    fits: value => /^[A-Za-z0-9_-]+$/.test(value),
    make: length => fromAlphabet(`${alphanumeric}-_`, length),
  },
  alphanumeric: {
    is: 'letters and digits',
    fits: value => /^[A-Za-z0-9]+$/.test(value),
    make: length => fromAlphabet(alphanumeric, length),
  },
  digits: { is: 'digits', fits: value => /^[0-9]+$/.test(value), make: length => fromAlphabet('0123456789', length) },
  uuid: {
    is: 'a UUID',
    fits: value => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
    make: () => randomUUID(),
  },
  url: { is: 'a URL', fits: isUrl },
  email: { is: 'an e-mail address', fits: value => /^[^\s@]+@[^\s@]+$/.test(value) },
  pem: {
    is: 'a block in PEM',
    fits: value => /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]+\r?\n-----END \1-----\s*$/.test(value),
  },
  json: { is: 'JSON', fits: isJson },
  text: {
    is: 'text on one line',
    fits: value => !/[\r\n\0]/.test(value),
    make: length => fromAlphabet(alphanumeric, length),
  },
} as const satisfies Record<string, Format>

interface Format {
  /** Completes "… is not …". */
  is: string
  fits: (value: string) => boolean
  /** Absent: only somebody else can make such a value. */
  make?: (length: number) => string
}

export type SecretFormat = keyof typeof secretFormats
export const secretFormatNames = Object.keys(secretFormats) as [SecretFormat, ...SecretFormat[]]

/** A new value of a format. Undefined: such a value can not be made here. */
export function makeSecret(format: SecretFormat, length: number): string | undefined {
  const found: Format = secretFormats[format]
  return found.make?.(length)
}

export function fitsFormat(format: SecretFormat, value: string): boolean {
  return secretFormats[format].fits(value)
}

/** From characters of one's own. Each is as likely as the others. */
export function fromAlphabet(alphabet: string, length: number): string {
  const characters = [...new Set(alphabet)]
  return Array.from({ length }, () => characters[randomInt(characters.length)] ?? '').join('')
}

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** At least that many characters, of whole bytes without a rest. */
function base64Of(length: number): string {
  return randomBytes(Math.ceil(length / 4) * 3).toString('base64')
}

function isUrl(value: string): boolean {
  try {
    return new URL(value).host !== '' || value.startsWith('file:')
  } catch {
    return false
  }
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}
