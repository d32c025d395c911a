import { looksSecret, carriesPassword } from '../secret-names.ts'
import { isPlaceholder } from './rules.ts'
import type { Exposure } from './text.ts'

/** Files that are secrets by what they are, whatever stands in them: `.env`, and what lies in a folder `secrets`. */
export function fileExposure(path: string, text: string): Exposure[] {
  if (isTemplate(path)) return []
  if (environmentFile.test(path)) {
    const line = text.split(/\r?\n/).findIndex(holdsSecret)
    return line < 0 ? [] : [{ rule: 'env-file', is: 'an env file with secrets', line: line + 1, column: 1 }]
  }
  const inSecrets = secretsFolder.test(path) && !/\.(md|gitignore|gitkeep)$|(^|\/)\.git(ignore|keep)$/i.test(path)
  if (inSecrets && !isSealed(text) && text.trim() !== '' && !sourceFile.test(path)) {
    return [{ rule: 'secret-file', is: 'a file in a folder of secrets', line: 1, column: 1 }]
  }
  return keyFile.test(path) && !/-----BEGIN (CERTIFICATE|PUBLIC KEY)/.test(text) && !text.includes('PRIVATE KEY')
    ? [{ rule: 'key-file', is: 'a file of keys', line: 1, column: 1 }]
    : []
}

const environmentFile = /(^|\/)(\.env(\.[^/]+)?|[^/]+\.env)$/i
const secretsFolder = /(^|\/)secrets\/[^/]+$/i
const sourceFile = /\.(ts|js|mjs|cjs|tsx|jsx|py|go|rs|rb|php|java|kt|cs|sh|css|html|svg|sql)$/i
const keyFile = /\.(p12|pfx|jks|keystore|ppk)$|(^|\/)(id_rsa|id_ed25519|id_ecdsa|\.pgpass|\.netrc|\.htpasswd)$/i

function isTemplate(path: string): boolean {
  return /(^|[._-])(example|sample|template|dist|defaults?)($|[._-])/i.test(path.split('/').at(-1) ?? '')
}

/** What Slipway, SOPS or age wrote is no clear text. */
function isSealed(text: string): boolean {
  return (
    /^slipway: secrets\/1$/m.test(text) ||
    text.startsWith('age-encryption.org/') ||
    text.startsWith('-----BEGIN AGE ENCRYPTED') ||
    /^sops:|"sops":/m.test(text)
  )
}

function holdsSecret(line: string): boolean {
  const [, name = '', quoted = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
  const value = quoted.replace(/^(["'])(.*)\1$/, '$2')
  if (value === '' || value.includes('${')) return false
  return (looksSecret(name) && !isPlaceholder(value)) || (carriesPassword(value) && !isPlaceholder(value))
}
