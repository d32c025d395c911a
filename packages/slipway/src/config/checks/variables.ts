import type { Problem } from '../../support/errors.ts'
import type { FilePlace } from '../locate.ts'
import { carriesPassword, looksSecret } from '../../secrets/secret-names.ts'
import type { Path, YamlSource } from '../yaml-source.ts'
import { type Check, problem } from './subject.ts'

/** Secrets that stand in a Compose file in clear end up in the repository. Their values are never printed. */
export const plainSecrets: Check = subject =>
  subject.locator.layers.flatMap(layer =>
    Object.keys(asRecord(layer.get(['services']))).flatMap(service =>
      [['environment'], ['build', 'args']].flatMap(field => secretsIn(layer, ['services', service, ...field])),
    ),
  )

/** Variables that are not set: Compose puts a blank in their place, which hardly anybody wants. */
export function unsetVariables(
  names: readonly string[],
  layers: readonly YamlSource[],
  envFile: string | undefined,
): Problem[] {
  return names.map(name => {
    const place = firstUse(name, layers) ?? { file: layers.at(-1)?.file ?? '', line: 0, column: 0, path: '' }
    const mend = `Set it in ${envFile ?? '.env'}, or give it a value to fall back on: \${${name}:-}.`
    return problem('warning', place, `the variable ${name} is not set: Compose puts a blank in its place`, mend)
  })
}

function secretsIn(layer: YamlSource, path: Path): Problem[] {
  return variablesIn(layer.get(path)).flatMap(({ name, value, at }) => {
    const secret = looksSecret(name) || carriesPassword(value)
    if (!secret || value === '' || isInterpolated(value)) return []
    const full = [...path, at]
    const place = { file: layer.file, ...layer.nearest(full), path: [...path, name].join('.') }
    const mend = `Write \${${name}} here and put the value into the env file, which stays out of the repository.`
    return problem('warning', place, `${name} looks like a secret and stands in the Compose file in clear`, mend)
  })
}

/** `environment` as a group or as a list of NAME=value. */
function variablesIn(written: unknown): { name: string; value: string; at: string | number }[] {
  if (Array.isArray(written)) {
    return written.flatMap((entry, at) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(String(entry)) ?? []
      return name === undefined || value === undefined ? [] : [{ name, value, at }]
    })
  }
  return Object.entries(asRecord(written)).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [{ name, value: String(value), at: name }] : [],
  )
}

/** `$$` is a literal dollar. */
function isInterpolated(value: string): boolean {
  return value.replaceAll('$$', '').includes('$')
}

function firstUse(name: string, layers: readonly YamlSource[]): FilePlace | undefined {
  const use = new RegExp(`\\$(\\{${name}[^A-Za-z0-9_]|${name}(?![A-Za-z0-9_]))`)
  for (const layer of layers) {
    const path = pathOf(layer.value, text => use.test(text))
    if (path !== undefined)
      return { file: layer.file, ...(layer.place(path) ?? layer.nearest(path)), path: path.join('.') }
  }
  return undefined
}

/** The path of the first text that fits; shared blocks are looked at once. */
function pathOf(root: unknown, fits: (text: string) => boolean): Path | undefined {
  const seen = new Set<object>()
  const waiting: [value: unknown, path: Path][] = [[root, []]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, path] = next
    if (typeof value === 'string' && fits(value)) return path
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    const inside = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
    for (const [key, each] of inside.reverse()) waiting.push([each, [...path, key]])
  }
  return undefined
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
