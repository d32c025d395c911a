/**
 * Whether an expression, as PostgreSQL prints it, has a value for every row: no cast that may refuse a text, no division,
 * no sum that may overflow. Only what is known is believed.
 */
export function cannotFail(expression: string): boolean {
  const withoutTexts = expression.replace(constant, ' ').replace(/"(?:[^"]|"")*"/g, ' column ')
  const withoutCasts = withoutTexts.replace(harmlessCast, ' ')
  if (/::/.test(withoutCasts)) return false
  if (/[-+*/%^@#!?~&]/.test(withoutCasts.replace(/->>?/g, ' '))) return false
  return [...withoutCasts.matchAll(/([\w.]+)\s*\(/g)].every(([, name = '']) =>
    harmlessFunctions.has(name.toLowerCase()),
  )
}

/** A literal with its type has been read already: no row can make it fail. */
const constant =
  /'(?:[^']|'')*'(?:::(?:"(?:[^"]|"")*"|[\w.])+(?: varying| precision| with(?:out)? time zone)?(?:\[\])?)?/g
const harmlessCast = /::(?:text|character varying(?!\())(?:\[\])?/g
const harmlessFunctions = new Set([
  'lower',
  'upper',
  'btrim',
  'ltrim',
  'rtrim',
  'trim',
  'coalesce',
  'length',
  'char_length',
  'md5',
  'to_tsvector',
  'and',
  'or',
  'not',
  'in',
  'any',
  'is',
  'then',
  'else',
  'when',
  'case',
])
