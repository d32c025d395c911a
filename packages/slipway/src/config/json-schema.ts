import { z } from 'zod'
import { slipwaySchema } from './schema.ts'

/** The JSON Schema of slipway.yaml, for editors: what a person may write, before defaults. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(slipwaySchema, { io: 'input', target: 'draft-2020-12' })
  return {
    $schema,
    title: 'slipway.yaml',
    description: 'How Slipway deploys this app: see the configuration reference.',
    ...schema,
  }
}
