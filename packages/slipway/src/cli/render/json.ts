import type { SlipwayError } from '../../support/errors.ts'
import { harmlessJson } from './harmless.ts'

/** The one document of `--json`. New fields may come; none changes its meaning. */
export type JsonDocument =
  | { command: string; exitCode: number; result: unknown }
  | { command: string; exitCode: number; error: JsonError }

export interface JsonError {
  code: string
  message: string
  why?: string
  problems: SlipwayError['problems']
  output: readonly string[]
  state?: string
  next?: string
}

export function jsonText(document: JsonDocument): string {
  return `${harmlessJson(document)}\n`
}

export function jsonError(error: SlipwayError): JsonError {
  return {
    code: error.code,
    message: error.message,
    ...(error.why === undefined ? {} : { why: error.why }),
    problems: error.problems,
    output: error.output,
    ...(error.state === undefined ? {} : { state: error.state }),
    ...(error.next === undefined ? {} : { next: error.next }),
  }
}
