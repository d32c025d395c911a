import { ruleOf } from './check.ts'
import { type SecretRule, textOf } from './rules.ts'

/** The secrets of one environment, and what it declares of them. */
export interface Declared {
  values: ReadonlyMap<string, Uint8Array>
  rules: Readonly<Record<string, SecretRule>>
}

/** How the secrets of two environments differ, without a value. Which of them comes first makes no difference. */
export function compareSecrets(one: Declared, other: Declared): Comparison {
  const names = [...new Set([...one.values.keys(), ...other.values.keys()])].sort()
  const [here, there] = [partsOf(one), partsOf(other)]
  const rows = names.map((name): ComparedSecret => {
    const [left, right] = [here.get(name), there.get(name)]
    if (left === undefined || right === undefined) return { name, state: left === undefined ? 'missing' : 'extra' }
    const same = sameIn(left, right)
    if (same === undefined) return { name, state: 'different' }
    const inAddress = same === 'password' ? { inAddress: true as const } : {}
    return { name, state: isShared(one, name, other, name) ? 'shared' : 'identical', ...inAddress }
  })
  const identical = new Set(rows.filter(row => row.state === 'identical').map(row => row.name))
  const pairs = [...here].flatMap(([name, left]) =>
    [...there].flatMap(([otherName, right]): OtherNames[] => {
      // Where both names have the value in both environments, that was told of each.
      const told = name === otherName || (identical.has(name) && identical.has(otherName))
      if (told || isShared(one, name, other, otherName) || sameIn(left, right, shortest) === undefined) return []
      return [{ here: name, there: otherName }]
    }),
  )
  return { rows, sameValue: pairs }
}

export interface Comparison {
  rows: ComparedSecret[]
  /** One value under two names, as when a password was copied into another variable. */
  sameValue: OtherNames[]
}

interface OtherNames {
  here: string
  there: string
}

export interface ComparedSecret {
  name: string
  /** `missing`: only the other has it. `identical`: and nothing allows that. */
  state: 'different' | 'identical' | 'shared' | 'missing' | 'extra'
  /** The addresses differ, and the password in them does not. */
  inAddress?: true
}

/** What two environments have in common and must not, under one name or two, with the way to another value. */
export function inCommon(one: Declared, other: Declared): InCommon[] {
  const { rows, sameValue } = compareSecrets(one, other)
  const same = rows
    .filter(row => row.state === 'identical')
    .map(({ name, inAddress }) => ({ here: name, there: name, ...(inAddress === true ? { inAddress } : {}) }))
  return [...same, ...sameValue].map(pair => {
    const isAddress = textOf(other.values.get(pair.there) ?? new Uint8Array())?.includes('://') === true
    // Made up as a whole, an address would lead nowhere.
    return { ...pair, mend: isAddress ? 'rotate' : 'generate' }
  })
}

export interface InCommon extends OtherNames, Pick<ComparedSecret, 'inAddress'> {
  /** The command that gives the other environment a value of its own. */
  mend: 'rotate' | 'generate'
}

/** One environment alone can not allow what takes two. */
function isShared(one: Declared, name: string, other: Declared, otherName: string): boolean {
  return ruleOf(one.rules, name).shared && ruleOf(other.rules, otherName).shared
}

/** What of a value is worth as much as all of it. */
interface Parts {
  whole: string
  passwords: readonly string[]
}

function partsOf({ values }: Declared): Map<string, Parts> {
  return new Map(
    [...values].map(([name, value]) => {
      const text = textOf(value)
      // Latin1 keeps what is no text apart byte by byte.
      if (text === undefined) return [name, { whole: `bytes ${Buffer.from(value).toString('latin1')}`, passwords: [] }]
      // `echo` adds a line break, an editor too.
      return [name, { whole: text.replace(/(\r?\n)+$/, ''), passwords: passwordsIn(text) }]
    }),
  )
}

function sameIn(left: Parts, right: Parts, least = 1): 'whole' | 'password' | undefined {
  const isLong = (text: string): boolean => text.length >= least
  if (left.whole === right.whole) return isLong(left.whole) ? 'whole' : undefined
  const ofRight = new Set([right.whole, ...right.passwords])
  return [left.whole, ...left.passwords].some(part => isLong(part) && ofRight.has(part)) ? 'password' : undefined
}

/** Short values and words such as `true` are alike by chance, under different names. */
const shortest = 8

/** The passwords of addresses, as in `scheme://user:password@host/?password=…`. */
function passwordsIn(text: string): string[] {
  if (!text.includes('://')) return []
  const ofUsers = [...text.matchAll(/:\/\/[^\s/?#:@]*:([^\s/?#]*)@/g)]
  const ofQueries = [...text.matchAll(/[?&;](?:password|passwd|pass|pwd)=([^\s&;#]*)/gi)]
  return [...ofUsers, ...ofQueries].flatMap(([, written = '']) => (written === '' ? [] : [decoded(written)]))
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}
