import { isVariableName } from '../secrets/names.ts'
import { type SecretRule, textOf } from '../secrets/rules.ts'
import type { ComposeDocument, ComposeFile, ComposeService } from './document.ts'
import { escaped } from './dollars.ts'
import { own } from './roles.ts'

/**
 * Puts the values of the encrypted file into a resolved Compose document: in the place of the files and variables that
 * its own `secrets` name, and for the services that slipway.yaml names. Pure.
 */
export function withSecrets(
  document: ComposeDocument,
  values: ReadonlyMap<string, Uint8Array>,
  rules: Readonly<Record<string, SecretRule>>,
): ComposeDocument {
  if (values.size === 0) return document
  const secrets: Record<string, ComposeFile> = { ...document.secrets }
  for (const [key, entry] of Object.entries(secrets)) {
    const value = values.get(key) ?? (entry.environment === undefined ? undefined : values.get(entry.environment))
    if (value !== undefined && entry.external !== true) secrets[key] = { value }
  }
  const services: Record<string, ComposeService> = { ...document.services }
  for (const [name, rule] of Object.entries(rules)) {
    const value = values.get(name)
    if (value === undefined) continue
    for (const service of rule.services) {
      const found = own(services, service)
      if (found === undefined) continue
      if (rule.as === 'variable') services[service] = withVariable(found, name, textOf(value) ?? '')
      else {
        secrets[name] = { value }
        services[service] = withFile(found, name)
      }
    }
  }
  return { ...document, services, ...(Object.keys(secrets).length === 0 ? {} : { secrets }) }
}

/** Variables that Compose fills in for `${NAME}`. A value that is no text is none. */
export function variablesOf(values: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  const entries = [...values].flatMap(([name, value]): [string, string][] => {
    const text = textOf(value)
    return text === undefined || text.includes('\0') || !isVariableName(name) ? [] : [[name, text]]
  })
  return Object.fromEntries(entries)
}

function withVariable(service: ComposeService, name: string, value: string): ComposeService {
  return { ...service, environment: { ...service.environment, [name]: escaped(value) } }
}

function withFile(service: ComposeService, name: string): ComposeService {
  const given = mountsOf(service)
  const mounted = given.some(mount => mount.source === name)
  const { environment } = service
  const told = !isVariableName(name) || Object.hasOwn(environment ?? {}, `${name}_FILE`)
  return {
    ...service,
    secrets: mounted ? given : [...given, { source: name, target: name }],
    ...(told ? {} : { environment: { ...environment, [`${name}_FILE`]: `/run/secrets/${name}` } }),
  }
}

/** A secret as a service is given it. */
export interface SecretMount {
  source: string
  target?: string
  uid?: string
  gid?: string
  mode?: string | number
}

/** In the long form, whichever way it is written. */
export function mountsOf(service: ComposeService | undefined): SecretMount[] {
  const given: unknown = service?.['secrets']
  if (!Array.isArray(given)) return []
  return given.flatMap((each: unknown): SecretMount[] => {
    if (typeof each === 'string') return [{ source: each }]
    const named = typeof each === 'object' && each !== null && 'source' in each && typeof each.source === 'string'
    return named ? [each as SecretMount] : []
  })
}
