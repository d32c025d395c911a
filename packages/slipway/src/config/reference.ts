import { z } from 'zod'
import { duration } from './fields.ts'
import { inOneLine } from './issues.ts'
import { slipwaySchema } from './schema.ts'
import { unwrap } from './walk.ts'

/** The reference of slipway.yaml as Markdown: every setting, from the schema that also checks it. */
export function configReference(): string {
  return [
    '# slipway.yaml',
    '',
    '<!-- Generated from packages/slipway/src/config/schema.ts. -->',
    '',
    'Durations are `500ms`, `2s`, `10m`, `1h` or a bare number of seconds. Paths are relative to the folder of',
    '`slipway.yaml` and stay inside it. An unknown key is an error.',
    '',
    'Every setting but `app` can stand at the top level, where it holds for all environments, and under',
    '`environments.<name>`, where it is laid over the top level: lists of Compose files are appended, groups are merged,',
    'everything else is replaced.',
    '',
    ...rowsOf(slipwaySchema, '').flatMap(section),
  ].join('\n')
}

interface Row {
  path: string
  type: string
  required: boolean
  meta: z.core.GlobalMeta
}

function rowsOf(schema: z.core.$ZodType, prefix: string): Row[] {
  return unwrap(schema).flatMap(each => {
    if (each instanceof z.ZodRecord) {
      return prefix === 'environments' ? ownRows(each.valueType) : rowsOf(each.valueType, `${prefix}.<name>`)
    }
    if (each instanceof z.ZodArray) return rowsOf(each.element, `${prefix}[]`)
    if (!(each instanceof z.ZodObject)) return []
    return Object.entries<z.core.$ZodType>(each.shape).flatMap(([key, field]) => {
      const path = prefix === '' ? key : `${prefix}.${key}`
      const required = !(field instanceof z.ZodOptional)
      const row: Row = { path, type: typeOf(field), required, meta: z.globalRegistry.get(field) ?? {} }
      return [row, ...rowsOf(field, path)]
    })
  })
}

/** Environments take the same settings as the top level, which are listed already; but `servers` means another thing. */
function ownRows(environment: z.core.$ZodType): Row[] {
  return rowsOf(environment, 'environments.<name>').filter(({ path }) => path.startsWith('environments.<name>.servers'))
}

function section(row: Row): string[] {
  const usual = row.meta['default']
  const examples: unknown = row.meta['examples']
  const key = row.path.split('.').at(-1) ?? ''
  return [
    `${row.path.includes('.') ? '###' : '##'} \`${row.path}\``,
    '',
    `${row.meta.description ?? ''}.`,
    '',
    `- Type: ${row.type}`,
    ...(row.required ? ['- Required'] : []),
    ...(usual === undefined ? [] : [`- Default: \`${inOneLine(usual)}\``]),
    ...(Array.isArray(examples) ? examples.map(each => `- Example: \`${key}: ${inOneLine(each)}\``) : []),
    '',
  ]
}

function typeOf(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodOptional) return typeOf(schema.unwrap())
  if (schema === duration) return 'duration'
  const names = unwrap(schema).map(each => {
    if (each instanceof z.ZodEnum) return each.options.map(option => `\`${String(option)}\``).join(', ')
    if (each instanceof z.ZodArray) return `list of ${typeOf(each.element)}`
    if (each instanceof z.ZodRecord) return 'group of names'
    if (each instanceof z.ZodObject) return 'group'
    if (each instanceof z.ZodNumber) return each.isInt ? 'whole number' : 'number'
    return each instanceof z.ZodBoolean ? '`true`, `false`' : 'text'
  })
  return [...new Set(names)].join(' or ')
}
