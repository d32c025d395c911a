/**
 * Compose files as written, where services share blocks: `<<: *shared` stays a reference here. Built into each service that
 * uses it, a block of some thousand lines would fill the memory.
 */

/** A field, also one that is brought in: what stands there itself wins, then the first that is brought in. Pure. */
export function field(value: unknown, name: string): unknown {
  return maps(value).find(map => Object.hasOwn(map, name))?.[name]
}

/** All fields, in the same way; empty for what is no map. Pure. */
export function fields(value: unknown): [name: string, value: unknown][] {
  const found = new Map<string, unknown>()
  for (const map of maps(value)) {
    for (const [name, each] of Object.entries(map)) if (name !== bringsIn && !found.has(name)) found.set(name, each)
  }
  return [...found]
}

/** What is in it, without the names: each service, say. Pure. */
export function values(group: unknown): unknown[] {
  return fields(group).map(([, value]) => value)
}

/** The map itself, then those that it brings in, the strongest first. */
function maps(value: unknown): Record<string, unknown>[] {
  const found = new Set<Record<string, unknown>>()
  const look = (each: unknown): void => {
    if (!isMap(each) || found.has(each)) return
    found.add(each)
    const shared = Object.hasOwn(each, bringsIn) ? each[bringsIn] : undefined
    for (const one of Array.isArray(shared) ? shared : [shared]) look(one)
  }
  look(value)
  return [...found]
}

const bringsIn = '<<'

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
