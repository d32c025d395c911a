import { exitCodes } from '../../support/errors.ts'
import type { Handler } from '../command.ts'
import { writeNote } from '../render/note.ts'
import { labelled } from '../render/trouble.ts'
import { bytes, duration } from '../render/words.ts'
import { openSettled } from './settled.ts'

export const run: Handler<{ environment: string | undefined }> = async (input, context) => {
  const { signal, stdout, stderr } = context
  const application = await openSettled(context, input.environment, 'stop')
  const note = (text: string): void => writeNote(stderr, text)
  const backup = await application.backup({ signal, note })
  const { file, sha256, seconds } = backup
  const text = (): string =>
    [
      `${stdout.paint.good(stdout.symbols.done)} ${stdout.paint.strong(`backup made and verified in ${duration(seconds)}`)}`,
      ...labelled('file', file, stdout, 8),
      ...labelled('size', bytes(backup.bytes), stdout, 8),
      ...labelled('sha256', sha256, stdout, 8),
      '',
    ].join('\n')
  return { exitCode: exitCodes.ok, document: backup, text }
}
