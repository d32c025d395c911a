import { expect, test } from 'vitest'
import { writeNote } from '../../../src/cli/render/note.ts'
import { screenOf } from '../../../src/cli/render/screen.ts'

function written(text: string, columns?: number): string {
  let all = ''
  const stream = { write: (part: string | Uint8Array) => (all += String(part)), isTTY: columns !== undefined, columns }
  writeNote(screenOf(stream, {}, false), text)
  return all
}

test('a note is broken where a window ends, under its own beginning', () => {
  expect(written('the login shop still works, for a release has it', 30)).toBe(
    '  · the login shop still\n    works, for a release has\n    it\n',
  )
})

test('in a file it is one line, whatever is in it', () => {
  expect(written('one\ntwo \u001b[31mred ' + 'long '.repeat(50)).match(/\n/g)).toHaveLength(1)
  expect(written('\u001b[31mred')).not.toContain('\u001b')
})
