import type { ReleaseId } from '../../release/model.ts'
import { SlipwayError } from '../../support/errors.ts'
import { openApplication } from '../context.ts'
import type { Handler } from '../command.ts'
import { carryOut } from './carry-out.ts'

export const run: Handler<RollbackInput> = async (input, context) => {
  const { environment, release } = namesOf(input)
  const application = await openApplication(context, environment)
  const request = {
    signal: context.signal,
    ...(release === undefined ? {} : { release: releaseId(release) }),
    ...(input.data === undefined ? {} : { data: input.data }),
    ...(input.confirm === undefined ? {} : { confirm: input.confirm }),
  }
  return carryOut(application, context, emit => application.rollback(request, emit))
}

interface RollbackInput {
  environment: string | undefined
  release: string | undefined
  data: 'keep' | 'restore' | undefined
  confirm: string | undefined
}

/** `slipway rollback r11` means the release, for an app with one environment. */
function namesOf({ environment, release }: RollbackInput): Pick<RollbackInput, 'environment' | 'release'> {
  if (release === undefined && isReleaseId(environment)) return { environment: undefined, release: environment }
  return { environment, release }
}

function releaseId(text: string): ReleaseId {
  if (isReleaseId(text)) return text
  throw new SlipwayError('USAGE', `'${text}' is not a release`, {
    why: 'Releases are called r1, r2, …',
    next: 'slipway history',
  })
}

function isReleaseId(text: string | undefined): text is ReleaseId {
  return text !== undefined && /^r[1-9]\d{0,8}$/.test(text)
}
