import { harmless, oneLine } from './harmless.ts'

/** GitHub's workflow commands, with everything escaped that could end one or begin another. */
export function group(title: string): string {
  return `::group::${escapeData(oneLine(title))}\n`
}

export const endGroup = '::endgroup::\n'

export interface AnnotationPlace {
  title: string
  file?: string
  line?: number
  col?: number
}

export function annotation(level: 'error' | 'warning', place: AnnotationPlace, message: string): string {
  const properties = Object.entries(place)
    .filter(([, value]) => value !== undefined && value !== 0 && value !== '')
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::${level} ${properties.join(',')}::${escapeData(harmless(message))}\n`
}

/** For $GITHUB_OUTPUT: no value spans lines, so none can add another name. */
export function outputLine(name: string, value: string): string {
  return `${name}=${oneLine(value)}\n`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
