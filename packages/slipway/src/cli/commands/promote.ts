import { proveNotCalledOff } from '../../support/called-off.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { ProvenRelease } from '../../release/promotion.ts'
import type { Handler } from '../command.ts'
import { openApplication, type Context } from '../context.ts'
import { changesPending, exitCodeOfPlan } from '../exit-code.ts'
import { planText } from '../render/plan.ts'
import { promotionText } from '../render/promotion.ts'
import { writeNote } from '../render/note.ts'
import { carryOut } from './carry-out.ts'
import { openSettled } from './settled.ts'

/** First what runs there is looked at; then it is a deployment like any other, but for where the images come from. */
export const run: Handler<PromoteInput> = async (input, context) => {
  const { from, to } = input
  if (from === to) {
    throw new SlipwayError('USAGE', `${from} can not be promoted to itself`, {
      next: 'Name the environment that has proven the images, then the one that gets them: slipway promote staging prod',
    })
  }
  const proven = await provenBy(context, from)
  const { promotion } = proven
  context.stderr.write(promotionText(proven, to, context.stderr))
  if (!input['dry-run']) {
    const application = await openApplication(context, to, promotion)
    return carryOut(application, context, emit => application.deploy({ signal: context.signal, promotion }, emit))
  }
  const application = await openSettled(context, to, 'stop', promotion)
  const { signal, stdout, stderr } = context
  const note = (text: string): void => writeNote(stderr, text)
  const plan = await application.plan({ signal, rehearse: false, promotion, note })
  proveNotCalledOff(signal)
  const pending = changesPending(plan)
  return {
    exitCode: exitCodeOfPlan(plan, false),
    document: { ...plan, proof: proven.proof, unseen: proven.unseen ?? [], changesPending: pending },
    text: () => planText(plan, pending, stdout, context.now()),
  }
}

interface PromoteInput {
  from: string
  to: string
  'dry-run': boolean
}

/** Its connection is closed before the other one is opened: nothing of it is needed while that one deploys. */
async function provenBy(context: Context, environment: string): Promise<ProvenRelease> {
  const application = await openSettled(context, environment, 'stop')
  const proven = await application.proven()
  await application.close?.()
  proveNotCalledOff(context.signal)
  return proven
}
