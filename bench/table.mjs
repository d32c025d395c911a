// The rows as a table for people. Pure.
export function table(rows) {
  const cells = rows.map(({ name, value, unit, against, ratio, bar, met }) => [
    name,
    `${short(value)} ${unit}`,
    against === null ? '' : short(against),
    ratio === null ? '' : `${ratio.toFixed(2)} ×`,
    bar === undefined ? '' : `≤ ${bar}`,
    met === undefined ? '' : met ? '✓' : '✗',
  ])
  const head = ['', 'Slipway', 'against', 'ratio', 'bar', '']
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map(line => line[column].length)))
  const line = texts =>
    texts.map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]))).join('  ')
  return [line(head), ...cells.map(line)].map(text => text.trimEnd()).join('\n')
}

const short = value => (Number.isInteger(value) ? String(value) : value.toFixed(value < 100 ? 2 : 0))
