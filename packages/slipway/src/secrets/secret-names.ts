/** Whether a variable's name says that its value is a secret. `…_FILE` names a file, and that may be shown. */
export function looksSecret(name: string): boolean {
  if (name === 'PWD' || name === 'OLDPWD') return false // the shell's working folder
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter(word => word !== '')
  const last = words.at(-1) ?? ''
  if (aboutSecrets.has(last) || words.includes('PUBLIC')) return false
  return words.some(word => secretWords.has(word)) || (last === 'KEY' && words.some(word => keyKinds.has(word)))
}

/** A URL that carries its password, as in `postgresql://user:password@host/`. */
export function carriesPassword(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^:@/\s]*:[^@/\s]+@/i.test(value)
}

const secretWords = words(
  'SECRET SECRETS PASSWORD PASSWD PASS PWD PASSPHRASE TOKEN APIKEY CREDENTIAL CREDENTIALS SALT PEPPER',
)

const keyKinds = words(
  'API PRIVATE ACCESS ENCRYPTION SIGNING MASTER AUTH SESSION COOKIE JWT APP SSH STRIPE HMAC AES ROOT SERVICE DEPLOY',
)

/** A last word that makes the rest a description: the life time of a token is no secret. */
const aboutSecrets = words(`
  FILE PATH DIR TTL EXPIRES EXPIRY EXPIRATION AGE LENGTH NAME URL URI ISSUER ALGORITHM METHOD ENABLED REQUIRED POLICY
  ROUNDS HEADER AUDIENCE TYPE ID IN SECONDS
`)

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/))
}
