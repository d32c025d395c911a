import { errorCatalogue, SlipwayError, type ErrorCode, type Problem } from '../support/errors.ts'

/** An error on its way from the server to who watches. */
export interface ErrorDocument {
  code: string
  message: string
  why?: string | undefined
  state?: string | undefined
  next?: string | undefined
  output: readonly string[]
  problems: readonly Problem[]
}

export function errorDocument(error: SlipwayError): ErrorDocument {
  const { code, message, why, state, next, output, problems } = error
  return { code, message, why, state, next, output, problems }
}

/** `rename` turns folders of the server into those that a person knows. */
export function errorOf(document: ErrorDocument, rename: (text: string) => string): SlipwayError {
  const { code, message, why, state, next, output, problems } = document
  const text = (given: string | undefined): string | undefined => (given === undefined ? undefined : rename(given))
  const known = Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : 'BUG'
  return new SlipwayError(known, rename(message), {
    why: text(why),
    state: text(state),
    next: text(next),
    output: output.map(rename),
    problems: problems.map(problem => ({
      ...problem,
      file: rename(problem.file),
      message: rename(problem.message),
      mend: rename(problem.mend),
    })),
  })
}
