import { mapText } from '../../support/map-text.ts'

/**
 * Text from containers, commits and files, made unable to steer a terminal or a CI system:
 * escape sequences vanish, other control characters become `�`, and no line can be read as a workflow command.
 * Line feeds stay.
 */
export function harmless(text: string): string {
  return text
    .replace(escapeSequences, '')
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', '  ')
    .replace(controls, '\uFFFD')
    .replace(workflowCommand, '$1: :')
    .replace(oldWorkflowCommand, '## [')
}

/** All of a text on one line. */
export function oneLine(text: string): string {
  return harmless(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}

export function harmlessLines(texts: readonly string[]): string[] {
  return texts.flatMap(text => harmless(text).trimEnd().split('\n'))
}

/** Every text inside a plain value. */
export function harmlessValue<T>(value: T): T {
  return mapText(value, harmless)
}

/** JSON can carry anything without loss, so what could steer a terminal is escaped instead of taken out. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .replace(beyondJson, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(oldWorkflowCommand, '##\\u005b')
}

/** GitHub's runner obeys `::command` at the start of a line, whatever the indent; any word may come to stand there. */
const workflowCommand = /(^|\s)::(?=[a-z])/gim
/** And `##[command]` anywhere in a line. */
const oldWorkflowCommand = /##\[/g

/** OSC and its kin (titles, links, clipboard) with or without their end, then CSI (colours, cursor) and single escapes. */
const escapeSequences =
  // oxlint-disable-next-line no-control-regex -- control characters are the subject
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g

/** C0 but the line feed, DEL, C1, line and paragraph separators, and what reverses the direction of writing. */
// oxlint-disable-next-line no-control-regex -- control characters are the subject
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const beyondJson = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
