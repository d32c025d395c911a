import { LineCounter, isMap, isScalar, parseDocument, stringify } from 'yaml'
import { requireSecretName, isSecretName, shownName } from './names.ts'
import { textOf } from './rules.ts'

/** The clear text that `secrets edit` shows: one name and value an entry. Values that are no text are not shown. */
export function editText(values: ReadonlyMap<string, Uint8Array>, title: string, mistake?: string): string {
  const shown = new Map<string, string>()
  const hidden: string[] = []
  for (const [name, value] of values) {
    const text = textOf(value)
    if (text === undefined || hasOddCharacter(text)) hidden.push(name)
    else shown.set(name, text)
  }
  const comments = [
    ...(mistake === undefined ? [] : [`MISTAKE: ${mistake}`, '']),
    title,
    'One secret a line: NAME: value. Take a line out to remove a secret. Save nothing, or an empty text, to change nothing.',
    ...(hidden.length === 0 ? [] : [`Not text, not shown, and kept as they are: ${hidden.join(', ')}`]),
  ]
  const body = shown.size === 0 ? '' : stringify(shown, { lineWidth: 0 })
  return `${comments.map(line => `# ${line}`.trimEnd()).join('\n')}\n\n${body}`
}

/** What was changed in the editor: new values, and undefined for what was taken out. Throws a Mistake. */
export function parseEdited(
  text: string,
  before: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array | undefined> {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
  })
  const at = (offset: number | undefined): string => `line ${offset === undefined ? '?' : lines.linePos(offset).line}: `
  const [fault] = document.errors
  // The parser's words could quote a value.
  if (fault !== undefined)
    throw new Mistake(
      `${at(fault.pos[0])}that is not of the form NAME: value (values with special characters belong in quotes)`,
    )
  const found = new Map<string, Uint8Array>()
  if (document.contents !== null && !isMap(document.contents))
    throw new Mistake('line 1: that is not of the form NAME: value')
  const items = isMap(document.contents) ? document.contents.items : []
  // Nothing at all is what an editor leaves that was given up, or came to grief: nobody takes it for an order.
  if (items.length === 0) return new Map()
  for (const { key, value } of items) {
    const name = isScalar(key) ? String(key.value) : ''
    const place = at(isScalar(key) ? key.range?.[0] : undefined)
    if (!isSecretName(name))
      throw new Mistake(`${place}${shownName(name)} can not be the name of a secret${reasonOf(name)}`)
    if (found.has(name)) throw new Mistake(`${place}${name} is there twice`)
    if (value !== null && !isScalar(value))
      throw new Mistake(`${place}the value of ${name} is not text: put it in quotes`)
    const written = isScalar(value) && typeof value.value === 'string' ? value.value : ''
    if (written === '') throw new Mistake(`${place}${name} is empty: take the line out to remove it`)
    found.set(name, Buffer.from(written))
  }
  const changes = new Map<string, Uint8Array | undefined>()
  for (const [name, value] of found) {
    const old = before.get(name)
    if (old === undefined || Buffer.compare(old, value) !== 0) changes.set(name, value)
  }
  for (const [name, value] of before) {
    const shown = textOf(value)
    if (!found.has(name) && shown !== undefined && !hasOddCharacter(shown)) changes.set(name, undefined)
  }
  return changes
}

/** A slip in the editor; its message has no value in it and can be shown there. */
export class Mistake extends Error {}

function reasonOf(name: string): string {
  try {
    requireSecretName(name)
    return ''
  } catch (error) {
    return error instanceof Error && 'why' in error && typeof error.why === 'string' ? `: ${error.why}` : ''
  }
}

/** YAML would take it for something else, or an editor would. */
function hasOddCharacter(text: string): boolean {
  return /(?![\t\n])\p{Cc}/u.test(text)
}
