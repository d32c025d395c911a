import { z } from 'zod'
import { secretFormatNames } from '../secrets/formats.ts'
import { defaults } from './defaults.ts'
import { formatted, path, ruled, serviceName } from './fields.ts'
import { formats } from './formats.ts'
import { lengthRange } from './rules.ts'

/** What slipway.yaml may say of one secret. */
export const secretRule = z.strictObject({
  required: z
    .boolean()
    .optional()
    .meta({
      description: 'Without it a deployment is refused',
      default: defaults.secrets.required,
      examples: [false],
    }),
  shared: z
    .boolean()
    .optional()
    .meta({
      description:
        'It may be the same in all environments that say so; otherwise slipway secrets diff and check object',
      default: defaults.secrets.shared,
      examples: [true],
    }),
  format: z
    .enum(secretFormatNames)
    .optional()
    .meta({ description: 'What it looks like. Default: anything', examples: ['hex', 'url'] }),
  length: z
    .union([z.int().min(1).max(100_000), ruled(lengthRange)])
    .optional()
    .meta({
      description: 'How many characters it has: exactly, at least, at most, or between',
      examples: ['>=64', '32-64'],
    }),
  alphabet: z
    .string()
    .min(2)
    .max(500)
    .optional()
    .meta({
      description: 'The characters that generate draws from. Default: those of the format',
      examples: ['ABCDEFGHJKLMNPQRSTUVWXYZ23456789'],
    }),
  services: z
    .array(serviceName)
    .max(100)
    .optional()
    .meta({
      description: 'Services that get it beside those whose Compose definition names it under `secrets`',
      default: [],
      examples: [['api', 'worker']],
    }),
  as: z
    .enum(['file', 'variable'])
    .optional()
    .meta({
      description:
        'How the `services` get it. file: as /run/secrets/<name>, with a variable <name>_FILE. variable: as an environment variable, which docker inspect shows',
      default: defaults.secrets.as,
      examples: ['variable'],
    }),
  previous: formatted(formats.secret)
    .optional()
    .meta({
      description: 'The secret in which rotate keeps the value of before, for an app that accepts both for a while',
      examples: ['JWT_SECRET_PREVIOUS'],
    }),
})

export const scan = z.strictObject({
  allow: z
    .array(
      z.strictObject({
        file: path.meta({
          description: 'A file or folder; `*` is any part of a name, `**` any folders',
          examples: ['test/**/*.pem'],
        }),
        rule: z
          .string()
          .regex(/^[a-z][a-z-]{2,40}$/)
          .optional()
          .meta({ description: 'Only what this rule finds. Default: everything', examples: ['private-key'] }),
        commit: z
          .string()
          .regex(/^[0-9a-f]{7,64}$/)
          .optional()
          .meta({
            description: 'Only what came with this commit: worthless by now, it stays in the history',
            examples: ['4b825dc642cb'],
          }),
        because: z
          .string()
          .min(3)
          .max(500)
          .meta({ description: 'Why it is no secret', examples: ['a key made for tests'] }),
      }),
    )
    .max(500)
    .optional()
    .meta({
      description: 'What was found and is no secret',
      default: [],
      examples: [[{ file: 'test/fixtures', because: 'made for tests' }]],
    }),
})
