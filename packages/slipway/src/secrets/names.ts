import { SlipwayError } from '../support/errors.ts'

/** The name of a secret: it becomes a file in a container, a key in YAML, and perhaps a variable. */
export const secretNamePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/

export function isSecretName(name: string): boolean {
  return secretNamePattern.test(name) && !isReserved(name)
}

export function requireSecretName(name: string): void {
  if (isSecretName(name)) return
  const reserved = secretNamePattern.test(name)
  throw new SlipwayError('USAGE', `${shownName(name)} can not be the name of a secret`, {
    why: name.includes('=')
      ? 'a value is no argument: it would stand in the history of the shell, and everybody on the machine would see it'
      : reserved
        ? 'programs that Slipway runs take their own settings from a variable of that name'
        : 'names have letters, digits, `_`, `-` and `.`, start with a letter and have at most 128 characters',
    state: 'nothing was changed',
    next: name.includes('=')
      ? 'Give the name alone: the value is typed unseen, or piped in. This one has been seen: use another.'
      : reserved
        ? 'Choose another name, such as one that begins with APP_.'
        : 'Choose another name.',
  })
}

/** Whether Compose can fill the secret in for `${NAME}`. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

/** Of `NAME=value`, which no name is, what may be shown. */
export function withoutValue(name: string): string {
  const at = name.indexOf('=')
  return at < 0 ? name : `${name.slice(0, at)}=…`
}

/** A name that may be anything, for messages: short, on one line. */
export function shownName(name: string): string {
  const known = withoutValue(name)
  const shown = JSON.stringify(known.length > 60 ? `${known.slice(0, 57)}...` : known)
  return shown.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

/**
 * Values are handed to Docker Compose as variables. These names would steer Compose, Docker or the loader instead:
 * which engine is spoken to, which library is loaded, where a login lies.
 */
function isReserved(name: string): boolean {
  const upper = name.toUpperCase()
  return reservedNames.has(upper) || reservedPrefixes.some(prefix => upper.startsWith(prefix))
}

const reservedPrefixes = [
  'LD_',
  'DYLD_',
  'COMPOSE_',
  'BUILDX_',
  'BUILDKIT_',
  'DOCKER_CLI_',
  'GIT_',
  'NODE_',
  'SLIPWAY_',
]

const reservedNames = new Set(
  [
    'PATH HOME USER LOGNAME SHELL PWD OLDPWD TMPDIR TEMP TMP TERM LANG IFS ENV BASH_ENV EDITOR VISUAL',
    'DOCKER_HOST DOCKER_CONFIG DOCKER_CONTEXT DOCKER_CERT_PATH DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_API_VERSION',
    'DOCKER_BUILDKIT DOCKER_DEFAULT_PLATFORM DOCKER_CONTENT_TRUST DOCKER_AUTH_CONFIG',
    'HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR SSH_AUTH_SOCK SSH_ASKPASS',
    'GODEBUG GOTRACEBACK GOMAXPROCS OPENSSL_CONF XDG_CONFIG_HOME XDG_RUNTIME_DIR',
  ].flatMap(line => line.split(' ')),
)
