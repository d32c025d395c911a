import { z } from 'zod'

/** Looking into a zod schema: shared by error messages (which keys are allowed here?) and the reference. */

/** The schemas that may stand at a path: unions are taken apart, wrappers removed. */
export function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType[] {
  let current = unwrap(schema)
  for (const part of path) current = current.flatMap(each => child(each, part)).flatMap(unwrap)
  return current
}

/** The keys that an object at the path may have. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return schemasAt(schema, path).flatMap(each => (each instanceof z.ZodObject ? Object.keys(each.shape) : []))
}

/** What is written about the value at the path. */
export function metaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.GlobalMeta | undefined {
  const parents = schemasAt(schema, path.slice(0, -1))
  const last = path.at(-1)
  if (last === undefined) return undefined
  return parents
    .flatMap(each => child(each, last))
    .map(each => z.globalRegistry.get(each))
    .find(meta => meta !== undefined)
}

/** The alternatives behind `optional`, `nullable` and unions. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap())
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap)
  return [schema]
}

function child(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const shape: Record<PropertyKey, z.core.$ZodType> = schema.shape
    const field = Object.hasOwn(shape, part) ? shape[part] : undefined
    return field === undefined ? [] : [field]
  }
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  return schema instanceof z.ZodArray ? [schema.element] : []
}
