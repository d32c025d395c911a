import { proveNotCalledOff } from '../../support/called-off.ts'
import type { Handler } from '../command.ts'
import { changesPending, exitCodeOfPlan } from '../exit-code.ts'
import { writeNote } from '../render/note.ts'
import { planText } from '../render/plan.ts'
import { openSettled } from './settled.ts'

export const run: Handler<PlanInput> = async (input, context) => {
  const { signal, stdout, stderr } = context
  const application = await openSettled(context, input.environment, 'stop')
  const note = (text: string): void => writeNote(stderr, text)
  const commit = input.commit === undefined ? {} : { commit: input.commit }
  const plan = await application.plan({ signal, rehearse: input.rehearse, note, ...commit })
  proveNotCalledOff(signal)
  return {
    exitCode: exitCodeOfPlan(plan, input.rehearse),
    document: { ...plan, changesPending: changesPending(plan) },
    text: () => planText(plan, changesPending(plan), stdout, context.now()),
  }
}

interface PlanInput {
  environment: string | undefined
  rehearse: boolean
  commit: string | undefined
}
