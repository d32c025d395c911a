import { field, values } from './written.ts'

/** The files that a Compose document brings in by `include` and `extends`, as written in it. Pure. */
export function broughtIn(document: unknown): string[] {
  const included = listOf(field(document, 'include')).flatMap(entry => [entry, ...listOf(field(entry, 'path'))])
  const extended = values(field(document, 'services')).map(service => field(field(service, 'extends'), 'file'))
  return [...new Set([...included, ...extended])].filter(path => typeof path === 'string')
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}
