/** One select of the catalog's statement. `values`: pairs for jsonb_build_object. */
export function part(kind: string, name: string, values: string, from: string): string {
  return `select '${kind} ' || ${name} as key, pg_catalog.jsonb_build_object(${values})::text as value from ${from}`
}

export const owner = (column: string): string => `'owner', pg_catalog.pg_get_userbyid(${column})`

/** Nobody's if an extension brought it. */
export const notExtended = (table: string, oid: string): string =>
  `not exists (select 1 from extended e where e.classid = 'pg_catalog.${table}'::regclass and e.objid = ${oid})`
