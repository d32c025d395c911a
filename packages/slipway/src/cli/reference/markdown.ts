/** For texts of our own that stand in a cell of a table. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableRow(titles), tableRow(titles.map(() => '---')), ...rows.map(tableRow)].join('\n')
}

export function code(text: string): string {
  return `\`${text}\``
}

export function generatedFrom(file: string): string {
  return `<!-- Generated from packages/slipway/src/${file}: change that, then run npm run docs. -->`
}
