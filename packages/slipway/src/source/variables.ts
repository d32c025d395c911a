import { field, fields, values } from '../config/written.ts'

/**
 * The variables that Compose files ask for: Compose fills them in from the environment of whoever runs it, and on a
 * server that is somebody else. Pure: works on the files as written.
 */
export function askedVariables(composeSources: readonly unknown[]): Set<string> {
  const found = new Set<string>()
  for (const source of composeSources) {
    inTexts(source, found)
    for (const service of values(field(source, 'services'))) passedThrough(field(service, 'environment'), found)
    for (const section of ['secrets', 'configs']) {
      for (const entry of values(field(source, section))) addName(field(entry, 'environment'), found)
    }
  }
  return found
}

/** Those of them that are set here. What describes this machine or this person means something else elsewhere. */
export function variablesToSend(
  asked: ReadonlySet<string>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const sent: Record<string, string> = {}
  for (const name of [...asked].sort()) {
    const value = environment[name]
    if (value !== undefined && !ofThisMachine.has(name)) sent[name] = value
  }
  return sent
}

const ofThisMachine = new Set('HOME PWD OLDPWD PATH USER LOGNAME SHELL TMPDIR HOSTNAME TERM LANG'.split(' '))

/** `$NAME`, `${NAME}`, `${NAME:-default}`, also inside of another one's default; `$$` is a dollar sign. */
function inTexts(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    for (const [, name] of value.replaceAll('$$', '').matchAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)/g)) addName(name, found)
  } else if (Array.isArray(value)) {
    for (const each of value) inTexts(each, found)
  } else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) inTexts(each, found)
  }
}

/** `environment: [NAME]` and `environment: { NAME: }` pass a variable on as it is. */
function passedThrough(environment: unknown, found: Set<string>): void {
  if (Array.isArray(environment)) {
    for (const each of environment) if (typeof each === 'string' && !each.includes('=')) addName(each, found)
  } else {
    for (const [name, value] of fields(environment)) if (value === null) addName(name, found)
  }
}

function addName(name: unknown, found: Set<string>): void {
  if (typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) found.add(name)
}
