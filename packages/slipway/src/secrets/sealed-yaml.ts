import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit, type YAMLMap } from 'yaml'
import { type Problem, SlipwayError } from '../support/errors.ts'
import { inOrder, type Recipient, recipientKinds, type SealedFile } from './sealed-file.ts'
import { secretNamePattern, shownName } from './names.ts'

/** Reads and prints a file of secrets. Reading is strict: what Slipway would not have written is refused with its place. */
export function parseSealedFile(text: string, file: string): SealedFile {
  if (text.length > largestFile) throw notReadable(file, [], 'it is larger than 64 MB')
  const lines = new LineCounter()
  // Failsafe: every plain value is text, whatever it looks like.
  const document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
  })
  const reader = new Reader(file, lines)
  for (const error of document.errors.slice(0, 10)) {
    reader.refuse(error.pos[0], '', sentence(error.message), mendMerge(text))
  }
  reader.end()
  visit(document, { Alias: (_, node) => reader.refuse(offsetOf(node), '', 'an alias has no place here', restore) })
  const root = reader.group(document.contents, '', [
    'slipway',
    'app',
    'environment',
    'revision',
    'recipients',
    'values',
    'seal',
  ])
  const form = reader.text(root?.get('slipway'), 'slipway', /^secrets\/1$/)
  const app = reader.text(root?.get('app'), 'app', /^[a-z][a-z0-9-]{0,29}$/)
  const environment = reader.text(root?.get('environment'), 'environment', /^[a-z][a-z0-9_]{0,19}$/)
  const revision = reader.text(root?.get('revision'), 'revision', /^[1-9][0-9]{0,8}$/)
  const recipients = reader.list(root?.get('recipients'), 'recipients').map((item, at) => recipientOf(reader, item, at))
  const values = [...reader.entries(root?.get('values'), 'values')].map(([name, value]): [string, string] => {
    if (!secretNamePattern.test(name))
      reader.refuse(offsetOf(value), 'values', `${shownName(name)} is no name of a secret`, restore)
    return [name, reader.text(value, `values.${name}`, armored)]
  })
  const seal = reader.group(root?.get('seal'), 'seal', ['keys', 'mac'])
  const keys = reader.text(seal?.get('keys'), 'seal.keys', armored)
  const mac = reader.text(seal?.get('mac'), 'seal.mac', /^[A-Za-z0-9+/]{43}=$/)
  if (form !== '' && recipients.length === 0) reader.refuse(undefined, 'recipients', 'it has no recipient', restore)
  reader.end()
  return { app, environment, revision: Number(revision), recipients, values: inOrder(values), seal: { keys, mac } }
}

/** Equal contents are printed alike, so that a diff shows what changed and nothing else. */
export function printSealedFile(sealed: SealedFile): string {
  const { app, environment, revision, recipients, values, seal } = sealed
  return [
    `# The secrets of ${app} in ${environment}, written by \`slipway secrets\`. Change them with: slipway secrets edit ${environment}`,
    '# Each value is readable with the age tool alone; of NAME, with the key in KEY:',
    `#   sed -n '/^  NAME: /,/END AGE/s/^    //p' ${environment}.yaml | age --decrypt -i KEY`,
    'slipway: secrets/1',
    `app: ${app}`,
    `environment: ${environment}`,
    `revision: ${revision}`,
    'recipients:',
    ...recipients.flatMap(({ name, kind, key }) => [`  - name: ${name}`, `    kind: ${kind}`, `    key: ${key}`]),
    values.size === 0 ? 'values: {}' : 'values:',
    ...[...inOrder(values)].flatMap(([name, ciphertext]) => [`  ${yamlKey(name)}: |`, ...block(ciphertext, '    ')]),
    'seal:',
    '  keys: |',
    ...block(seal.keys, '    '),
    `  mac: ${seal.mac}`,
    '',
  ].join('\n')
}

const largestFile = 64 * 1024 * 1024
const restore = 'Bring the file back from Git: git checkout -- <file>.'
/** One line break at the end, as YAML keeps it. */
const armored = /^-----BEGIN AGE ENCRYPTED FILE-----\n[A-Za-z0-9+/=\n]+-----END AGE ENCRYPTED FILE-----\n$/

function recipientOf(reader: Reader, item: unknown, at: number): Recipient {
  const path = `recipients.${at}`
  const group = reader.group(item, path, ['name', 'kind', 'key'])
  const kind = reader.text(group?.get('kind'), `${path}.kind`, /^(person|ci|recovery)$/)
  return {
    name: reader.text(group?.get('name'), `${path}.name`, recipientName),
    kind: recipientKinds.find(each => each === kind) ?? 'person',
    key: reader.text(group?.get('key'), `${path}.key`, /^age1[02-9ac-hj-np-z]{58}$/),
  }
}

export const recipientName = /^[A-Za-z][A-Za-z0-9@._-]{0,63}$/

/** Collects what is wrong, each with its place, and throws it all at once. */
class Reader {
  readonly file: string
  readonly lines: LineCounter
  private readonly problems: Problem[] = []

  constructor(file: string, lines: LineCounter) {
    this.file = file
    this.lines = lines
  }

  refuse(offset: number | undefined, path: string, message: string, mend: string): void {
    const { line, col } = offset === undefined ? { line: 0, col: 0 } : this.lines.linePos(offset)
    this.problems.push({ severity: 'error', file: this.file, line, column: col, path, message, mend })
  }

  end(): void {
    if (this.problems.length > 0) throw notReadable(this.file, this.problems.slice(0, 20))
  }

  /** The entries of a group with these keys and no others. */
  group(node: unknown, path: string, keys: readonly string[]): Map<string, unknown> | undefined {
    const entries = this.entries(node, path)
    for (const [key, value] of entries) {
      if (!keys.includes(key)) this.refuse(offsetOf(value), path, `unknown key ${shownName(key)}`, restore)
    }
    return entries
  }

  entries(node: unknown, path: string): Map<string, unknown> {
    const found = new Map<string, unknown>()
    if (!isMap(node)) {
      this.refuse(offsetOf(node), path, `${path === '' ? 'the file' : `\`${path}\``} is missing or no group`, restore)
      return found
    }
    for (const { key, value } of (node as YAMLMap<unknown, unknown>).items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (name === '' || found.has(name)) {
        this.refuse(
          offsetOf(key),
          path,
          name === '' ? 'a key is no text' : `${shownName(name)} is there twice`,
          restore,
        )
      }
      found.set(name, value)
    }
    return found
  }

  list(node: unknown, path: string): unknown[] {
    if (isSeq(node)) return node.items
    this.refuse(offsetOf(node), path, `\`${path}\` is missing or no list`, restore)
    return []
  }

  text(node: unknown, path: string, pattern: RegExp): string {
    const value = isScalar(node) && typeof node.value === 'string' ? node.value.replaceAll('\r\n', '\n') : ''
    if (pattern.test(value)) return value
    this.refuse(offsetOf(node), path, `\`${path}\` is missing or not of its form`, restore)
    return ''
  }
}

function offsetOf(node: unknown): number | undefined {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return (node as Node).range?.[0]
  return undefined
}

function notReadable(file: string, problems: readonly Problem[], why?: string): SlipwayError {
  return new SlipwayError('SECRETS_INVALID', `${file} can not be read as a file of secrets`, {
    why,
    problems,
    state: 'nothing was changed',
    next: 'Bring back the last good one from Git. After a merge: keep one side whole, and set the values of the other again.',
  })
}

function mendMerge(text: string): string {
  return /^(<{7}|>{7}) /m.test(text)
    ? 'It has marks of a merge: keep one side whole (git checkout --ours), and set the values of the other again.'
    : restore
}

/** The parser's words quote nothing of the file. */
function sentence(message: string): string {
  return message.replaceAll(/\p{Cc}|\p{Cf}/gu, ' ').slice(0, 160)
}

/** Other readers take these for something else than text. */
function yamlKey(name: string): string {
  return /^(true|false|null|yes|no|on|off|y|n)$/i.test(name) ? `"${name}"` : name
}

function block(text: string, indent: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => indent + line)
}
