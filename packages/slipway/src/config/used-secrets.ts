import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { broughtIn } from './brought-in.ts'
import { defaults } from './defaults.ts'
import { readComposeSources } from './locate.ts'
import type { EnvironmentConfig } from './model.ts'

/**
 * Which of these names something uses: slipway.yaml itself, the Compose files, or what those include. A name that stands
 * there as a word counts as used, and where a file can not be read all of them do: it is asked before somebody is told
 * that a secret may go.
 */
export async function usedSecrets(config: EnvironmentConfig, names: readonly string[]): Promise<Set<string>> {
  const settled = new Set(ofSettings(config))
  if (names.every(name => settled.has(name))) return settled
  const texts = await textsOf(config)
  return new Set(names.filter(name => settled.has(name) || texts === undefined || texts.some(mentions(name))))
}

function ofSettings({ registries, source, secrets }: EnvironmentConfig): string[] {
  const passwords = Object.values(registries ?? {}).flatMap(({ login }) => login?.password ?? [])
  const previous = Object.values(secrets.rules).flatMap(rule => rule.previous ?? [])
  return [...passwords, ...previous, ...(source.kind === 'git' && source.token !== undefined ? [source.token] : [])]
}

/** The words of a Compose project, followed into what it includes. Undefined: a part can not be read here. */
async function textsOf(config: EnvironmentConfig): Promise<string[] | undefined> {
  const texts = new Map<string, string>()
  const waiting: Named[] = [
    { file: config.envFile ?? join(config.directory, defaults.envFile), mayLack: true },
    ...config.composeFiles.map(file => ({ file, mayLack: false })),
  ]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { file, mayLack } = next
    if (texts.has(file)) continue
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined && !mayLack) return undefined
    texts.set(file, text ?? '')
    if (mayLack) continue
    const [source] = await readComposeSources([file])
    waiting.push(...namedIn(source?.value, dirname(file)))
  }
  return [...texts.values()]
}

interface Named {
  file: string
  /** An env file that is not there says nothing. */
  mayLack: boolean
}

function namedIn(document: unknown, directory: string): Named[] {
  const included = listOf(of(document, 'include'))
  const services = Object.values(asRecord(of(document, 'services')))
  const variables = [...included, ...services].flatMap(each =>
    listOf(of(each, 'env_file')).map(entry => (typeof entry === 'string' ? entry : of(entry, 'path'))),
  )
  const named = (written: unknown[], mayLack: boolean): Named[] =>
    written.flatMap(each => (typeof each === 'string' ? [{ file: resolve(directory, each), mayLack }] : []))
  return [...named(broughtIn(document), false), ...named(variables, true)]
}

function mentions(name: string): (text: string) => boolean {
  const word = new RegExp(`(?<![A-Za-z0-9_])${name.replaceAll('.', '\\.')}(?![A-Za-z0-9_])`)
  return text => word.test(text)
}

function of(value: unknown, key: string): unknown {
  return asRecord(value)[key]
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function listOf(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
}
