import type { SlipwayError } from '../support/errors.ts'
import type { Failure } from './events.ts'

/** An error as the event stream carries it. */
export function failureOf(error: SlipwayError): Failure {
  return {
    code: error.code,
    message: error.message,
    output: [...error.output],
    ...(error.why === undefined ? {} : { why: error.why }),
    ...(error.state === undefined ? {} : { state: error.state }),
    ...(error.next === undefined ? {} : { next: error.next }),
  }
}
