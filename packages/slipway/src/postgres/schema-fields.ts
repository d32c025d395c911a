/** The value of one line of a catalog, taken apart. */
export type Fields = Readonly<Record<string, unknown>>

/** Catalogs come back from journals and records too: whatever is no JSON is simply a text that differs. */
export function parse(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

export function read(value: string | undefined): Fields {
  return asFields(value === undefined ? {} : parse(value))
}

export function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { value }
}

export function labels(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(label => typeof label === 'string') : []
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The names of the fields that differ. */
export function changedFields(before: Fields, after: Fields): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort()
}
