import { jsonSchema } from '../../config/json-schema.ts'
import { configReference } from '../../config/reference.ts'
import { commandsReference } from './commands.ts'
import { errorsReference } from './errors.ts'
import { exitCodesReference } from './exit-codes.ts'
import { jsonReference } from './json.ts'

/** Everything that is written down but follows from the code: path in the repository, and text. */
export function referenceDocuments(): Record<string, string> {
  return {
    'docs/reference/config.md': ended(configReference()),
    'docs/reference/commands.md': ended(commandsReference()),
    'docs/reference/errors.md': ended(errorsReference()),
    'docs/reference/exit-codes.md': ended(exitCodesReference()),
    'docs/reference/json.md': ended(jsonReference()),
    'packages/slipway/slipway.schema.json': ended(JSON.stringify(jsonSchema(), null, 2)),
  }
}

function ended(text: string): string {
  return `${text.trimEnd()}\n`
}
