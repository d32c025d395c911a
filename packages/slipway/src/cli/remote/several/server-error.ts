import { SlipwayError } from '../../../support/errors.ts'

/** Whether it says that the server can not be asked: its name is in it then. */
export function isAway(error: SlipwayError | undefined): boolean {
  return error?.code === 'SERVER_UNREACHABLE' || error?.code === 'SERVER_LOST'
}

/** What one of several servers says, with its name; `state`: how things are on all of them, unless it told that itself. */
export function onServer(server: string, error: SlipwayError, state = error.state): SlipwayError {
  const { code, why, next, problems, output } = error
  return new SlipwayError(code, `${server}: ${error.message}`, { why, state, next, problems, output, cause: error })
}
