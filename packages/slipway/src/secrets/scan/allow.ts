/** What slipway.yaml says is no secret, and why. */
export interface Allowance {
  /** A path below the folder of slipway.yaml; `*` is any part of a name, `**` any folders; a folder means all in it. */
  file: string
  /** Absent: whatever is found there. */
  rule?: string
  /** Only what came with this commit, named by its first digits: worthless by now, it stays in the history. */
  commit?: string
  because: string
}

/** commit: in which it came; absent: it is there now. */
export function isAllowed(
  allowances: readonly Allowance[],
  path: string,
  rule: string,
  commit?: string,
): Allowance | undefined {
  return allowances.find(
    each =>
      (each.rule === undefined || each.rule === rule) &&
      (each.commit === undefined || commit?.startsWith(each.commit) === true) &&
      covers(each.file, path),
  )
}

function covers(pattern: string, path: string): boolean {
  const parts = pattern.replace(/^\.\//, '').replace(/\/+$/, '').split('/')
  return matches(parts, path.split('/'))
}

/** Without a regular expression, so that no pattern makes it slow. */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const [part, ...rest] = pattern
  if (part === undefined) return true
  const [first, ...others] = path
  if (part === '**') return matches(rest, path) || (first !== undefined && matches(pattern, others))
  return first !== undefined && fits(part, first) && matches(rest, others)
}

function fits(pattern: string, name: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return head === name
  const tail = rest.at(-1) ?? ''
  if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false
  let at = head.length
  for (const middle of rest.slice(0, -1)) {
    const found = name.indexOf(middle, at)
    if (found < 0 || found + middle.length > name.length - tail.length) return false
    at = found + middle.length
  }
  return true
}
