import type { MigrationCase } from './case.ts'
import { columns } from './cases/columns.ts'
import { constraints } from './cases/constraints.ts'
import { data } from './cases/data.ts'
import { failing } from './cases/failing.ts'
import { functionsAndTriggers } from './cases/functions-and-triggers.ts'
import { indexes } from './cases/indexes.ts'
import { rights } from './cases/rights.ts'
import { tablesAndViews } from './cases/tables-and-views.ts'
import { tools } from './cases/tools.ts'
import { types } from './cases/types.ts'

export const corpus: Readonly<Record<string, readonly MigrationCase[]>> = {
  Columns: columns,
  Types: types,
  Constraints: constraints,
  'Tables and views': tablesAndViews,
  Indexes: indexes,
  'Functions and triggers': functionsAndTriggers,
  'Rights and settings': rights,
  'Rows and sequences': data,
  'Failing and lying': failing,
  'By tools': tools,
}
