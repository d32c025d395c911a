/** A copy of a plain value in which every text is changed by `change`; `change` also sees under which key it stands. */
export function mapText<T>(value: T, change: (text: string, key: string) => string): T {
  return mapped(value, change, '') as T
}

function mapped(value: unknown, change: (text: string, key: string) => string, key: string): unknown {
  if (typeof value === 'string') return change(value, key)
  if (Array.isArray(value)) return value.map(item => mapped(item, change, key))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapped(item, change, name)]))
}
