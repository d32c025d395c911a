import { isIP } from 'node:net'
import { SlipwayError } from '../support/errors.ts'

/**
 * The networks that cover every address outside the given ones, IPv4 and IPv6, each address once.
 * No network given in one family: all of that family.
 */
export function complement(networks: readonly string[]): string[] {
  const parsed = networks.map(parseNetwork)
  return families.flatMap(family => {
    const inside = parsed.filter(network => network.family === family)
    return outside({ family, address: 0n, length: 0 }, inside).map(formatNetwork)
  })
}

/** The network in PostgreSQL's notation with its host bits cleared: `172.18.0.5/16` → `172.18.0.0/16`. */
export function normalNetwork(network: string): string {
  return formatNetwork(parseNetwork(network))
}

interface Family {
  version: 4 | 6
  bits: number
}

interface Network {
  family: Family
  address: bigint
  length: number
}

const v4: Family = { version: 4, bits: 32 }
const v6: Family = { version: 6, bits: 128 }
const families = [v4, v6]

/** Halves a network until each part is wholly outside (kept) or wholly inside (dropped). */
function outside(whole: Network, inside: readonly Network[]): Network[] {
  const touching = inside.filter(network => overlap(whole, network))
  if (touching.length === 0) return [whole]
  if (touching.some(network => network.length <= whole.length)) return []
  const { family, address } = whole
  const length = whole.length + 1
  const upper = address | (1n << BigInt(family.bits - length))
  return [address, upper].flatMap(half => outside({ family, address: half, length }, touching))
}

function overlap(a: Network, b: Network): boolean {
  const length = Math.min(a.length, b.length)
  return masked(a.family, a.address, length) === masked(a.family, b.address, length)
}

function masked(family: Family, address: bigint, length: number): bigint {
  const free = BigInt(family.bits - length)
  return (address >> free) << free
}

function parseNetwork(text: string): Network {
  const [, host = '', digits] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = families.find(candidate => candidate.version === isIP(host))
  const length = digits === undefined ? family?.bits : Number(digits)
  if (family === undefined || length === undefined || length > family.bits) {
    throw new SlipwayError('HOLD_FAILED', 'The database could not be fenced', {
      why: `${JSON.stringify(text)} is no network in CIDR notation`,
    })
  }
  return { family, address: masked(family, family === v4 ? number4(host) : number6(host), length), length }
}

function number4(address: string): bigint {
  return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
}

function number6(address: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  const tail = dotted === null ? undefined : number4(dotted[2] ?? '')
  const plain =
    tail === undefined ? address : `${dotted?.[1] ?? ''}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`
  const [head = '', rest] = plain.split('::')
  const left = groups(head)
  const right = groups(rest ?? '')
  const zeros = Array.from({ length: rest === undefined ? 0 : 8 - left.length - right.length }, () => 0n)
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | group, 0n)
}

function groups(text: string): bigint[] {
  return text === '' ? [] : text.split(':').map(group => BigInt(`0x${group}`))
}

function formatNetwork({ family, address, length }: Network): string {
  return `${family === v4 ? format4(address) : format6(address)}/${length}`
}

function format4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => ((address >> shift) & 0xffn).toString()).join('.')
}

function format6(address: bigint): string {
  const all = Array.from({ length: 8 }, (_, index) => ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  const zeros = /(?:\b0:)*\b0$/.exec(all.join(':'))?.[0]
  if (zeros === undefined || !zeros.includes(':')) return all.join(':')
  const kept = all.join(':').slice(0, -zeros.length)
  return `${kept === '' ? ':' : kept}:`
}
