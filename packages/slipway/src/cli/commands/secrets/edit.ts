import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { editText, Mistake, parseEdited } from '../../../secrets/edit-text.ts'
import type { OpenSecrets } from '../../../secrets/open.ts'
import { isInMemory, withPrivateFolder } from '../../../secrets/private-folder.ts'
import { exitCodes, SlipwayError } from '../../../support/errors.ts'
import { errorCode, isMissing } from '../../../support/files.ts'
import type { Handler } from '../../command.ts'
import type { Context } from '../../context.ts'
import { done, note, openOrCreate, saveValues, secretsOf } from './opened.ts'
import { quietArguments } from './quiet-editor.ts'

export const run: Handler<{ environment: string }> = async ({ environment }, context) => {
  const secrets = await secretsOf(context, environment)
  const before = await openOrCreate(secrets, context)
  const title = `Secrets of ${secrets.config.app} in ${environment}. This text is removed when you leave the editor.`
  const changes = await withPrivateFolder(async folder => {
    if (!(await isInMemory(folder)))
      note(
        context,
        'while it is edited, the clear text lies on a disk: this system has neither XDG_RUNTIME_DIR nor /dev/shm in memory',
      )
    return edited(join(folder, `${environment}.yaml`), before, title, context)
  })
  const names = [...changes].map(([name, value]) => ({
    name,
    change: value === undefined ? 'removed' : before.values.has(name) ? 'changed' : 'new',
  }))
  if (changes.size > 0) await saveValues(secrets, before, changes, context)
  const told = names.map(({ name, change }) => `${name} (${change})`).join(', ')
  return {
    exitCode: exitCodes.ok,
    document: { environment, changes: names, file: secrets.config.secrets.file },
    text: () => done(context, names.length === 0 ? 'nothing was changed' : `${told}; the next deployment takes it`),
  }
}

/** A slip is shown at the top of the text, and the editor comes up again: nothing that was typed is lost. */
async function edited(
  file: string,
  before: OpenSecrets,
  title: string,
  context: Context,
): Promise<Map<string, Uint8Array | undefined>> {
  const start = editText(before.values, title)
  let text = start
  for (let attempt = 1; ; attempt += 1) {
    await writeFile(file, text, { mode: 0o600 })
    await openEditor(file, context)
    const left = await readFile(file, 'utf8').catch((error: unknown) => {
      throw notLeft(file, error)
    })
    if (left === start) return new Map()
    try {
      return parseEdited(left, before.values)
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      const again = `# MISTAKE in ${error.message}\n${left.replace(/^# MISTAKE in .*\n/, '')}`
      // The same again: whoever looks is not there, or does not want to mend it.
      if (again === text || attempt === mostAttempts) {
        throw new SlipwayError('SECRET_INVALID', 'What was edited can not be read', {
          why: error.message,
          state: 'nothing was changed',
        })
      }
      text = again
    }
  }
}

const mostAttempts = 10

function notLeft(file: string, error: unknown): SlipwayError {
  return new SlipwayError('SECRET_INVALID', 'What was edited can not be read', {
    why: isMissing(error)
      ? 'the editor took its file away, or saved under another name'
      : `what the editor left can not be read (${errorCode(error) ?? 'for no known reason'})`,
    state: 'nothing was changed, and the clear text is removed',
    next: `Save the text as ${basename(file)}, where the editor found it.`,
  })
}

/** `EDITOR="code --wait"`: words, and no shell. */
async function openEditor(file: string, context: Context): Promise<void> {
  const { variables, input } = context
  const chosen =
    [variables['VISUAL'], variables['EDITOR'], 'vi'].find(each => each !== undefined && each.trim() !== '') ?? 'vi'
  const [program = 'vi', ...argv] = chosen.trim().split(/\s+/)
  const failed = (why: string): SlipwayError =>
    new SlipwayError('USAGE', `The editor ${program} failed`, {
      why,
      state: 'nothing was changed, and the clear text is removed',
      next: 'Set EDITOR, as in: EDITOR=nano slipway secrets edit …',
    })
  const quiet = await quietArguments(program, variables['PATH'] ?? '')
  const exitCode = await input.interactive(program, [...quiet, ...argv, file]).catch((error: unknown) => {
    if (error instanceof SlipwayError) throw error
    throw failed(error instanceof Error ? error.message : String(error))
  })
  if (exitCode !== 0) throw failed(`it exited with ${exitCode}`)
}
