import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseDuration } from '../../src/config/duration.ts'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { configReference } from '../../src/config/reference.ts'
import { slipwaySchema } from '../../src/config/schema.ts'
import { nearestName } from '../../src/config/suggest.ts'
import { looksSecret } from '../../src/secrets/secret-names.ts'
import { unwrap } from '../../src/config/walk.ts'

describe('the schema', () => {
  const fields = fieldsOf(slipwaySchema, '')

  it.each(fields)('$path has a description and an example that is right', ({ field, meta }) => {
    expect(meta?.description).toMatch(/^\S.*[^.]$/)
    const examples: unknown = meta?.['examples']
    expect(Array.isArray(examples) && examples.length > 0).toBe(true)
    for (const example of Array.isArray(examples) ? examples : [])
      expect(z.safeParse(field as z.ZodType, example).success).toBe(true)
    if (meta?.['default'] !== undefined) expect(z.safeParse(field as z.ZodType, meta['default']).success).toBe(true)
  })

  it('becomes a JSON Schema that refuses unknown keys', () => {
    const schema = jsonSchema()
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['app'],
      additionalProperties: false,
      properties: {
        app: { pattern: '^[a-z][a-z0-9-]{0,29}$' },
        rollback: { properties: { data: { default: 'ask' } } },
      },
    })
    expect(JSON.stringify(schema)).not.toContain('"not":{}')
  })

  it('becomes a reference with every field, and examples that are YAML', () => {
    const reference = configReference()
    for (const { path } of fields) {
      if (!path.startsWith('environments.')) expect(reference).toContain(`\`${path}\`\n`)
    }
    const examples = [...reference.matchAll(/^- Example: `(.+)`$/gm)].map(match => match[1] ?? '')
    expect(examples.length).toBeGreaterThan(40)
    for (const example of examples) expect(typeof parse(example)).toBe('object')
    expect(reference).not.toMatch(/undefined|\[object/)
  })
})

describe('small parts', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['1h', 3_600_000],
    [3, 3000],
    [0.5, 500],
    ['3', undefined],
    ['-1s', undefined],
    ['1d', undefined],
    ['1 s', undefined],
    [Number.NaN, undefined],
    [-1, undefined],
  ])('duration %j is %j ms', (written, expected) => {
    expect(parseDuration(written)).toBe(expected)
  })

  it.each([
    ['heatlh', 'health'],
    ['HEALTH', 'health'],
    ['env-file', 'env_file'],
    ['migration', 'migrate'],
    ['zzzzzz', undefined],
    ['', undefined],
  ])('%j is nearest to %j', (written, expected) => {
    expect(nearestName(written, ['health', 'env_file', 'migrate', 'edge'])).toBe(expected)
  })

  it.each([
    ['JWT_SECRET', true],
    ['POSTGRES_PASSWORD', true],
    ['apiKey', true],
    ['STRIPE_SECRET_KEY', true],
    ['GITHUB_TOKEN', true],
    ['POSTGRES_PASSWORD_FILE', false],
    ['VAPID_PUBLIC_KEY', false],
    ['TOKEN_TTL', false],
    ['KEYBOARD', false],
    ['COMPASS', false],
    ['PWD', false],
    ['NODE_ENV', false],
  ])('%s looks secret: %s', (name, expected) => {
    expect(looksSecret(name)).toBe(expected)
  })
})

function fieldsOf(
  schema: z.core.$ZodType,
  prefix: string,
): { path: string; field: z.core.$ZodType; meta: z.core.GlobalMeta | undefined }[] {
  return unwrap(schema).flatMap(each => {
    if (each instanceof z.ZodRecord)
      return prefix === 'environments' ? [] : fieldsOf(each.valueType, `${prefix}.<name>`)
    if (!(each instanceof z.ZodObject)) return []
    return Object.entries<z.core.$ZodType>(each.shape).flatMap(([key, field]) => {
      const path = prefix === '' ? key : `${prefix}.${key}`
      return [{ path, field, meta: z.globalRegistry.get(field) }, ...fieldsOf(field, path)]
    })
  })
}
