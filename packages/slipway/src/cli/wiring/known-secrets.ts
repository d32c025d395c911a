import { readFile } from 'node:fs/promises'
import type { ComposeDocument } from '../../config/document.ts'
import { unescaped } from '../../config/dollars.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { secretsOf } from '../../support/redact.ts'
import { hiddenTexts } from './environment-secrets.ts'

/** What the app's variables and secret files hold that nobody may read in what Slipway says. */
export async function secretsIn(
  config: EnvironmentConfig,
  document: ComposeDocument,
  values: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<string[]> {
  const secrets = hiddenTexts(values)
  for (const service of Object.values(document.services)) {
    const environment = Object.entries(service.environment ?? {}).map(([name, value]) => [name, unescaped(value ?? '')])
    secrets.push(...secretsOf(Object.fromEntries(environment) as Record<string, string>))
  }
  for (const secret of Object.values(document.secrets ?? {})) {
    const text = secret.file === undefined ? '' : await readFile(secret.file, 'utf8').catch(() => '')
    if (text.length < 4096) secrets.push(text.trim())
  }
  const names = new Set<string | undefined>([
    config.app,
    config.project,
    config.database?.service,
    config.database?.name,
    config.database?.user,
  ])
  return secrets.filter(secret => !names.has(secret))
}
