import type { Handler } from '../command.ts'
import { changesPending, exitCodeOfPlan } from '../exit-code.ts'
import { planText } from '../render/plan.ts'
import { openSettled } from './settled.ts'

export const run: Handler<{ environment: string | undefined }> = async (input, context) => {
  const application = await openSettled(context, input.environment, 'stop')
  const plan = await application.plan({ signal: context.signal })
  return {
    exitCode: exitCodeOfPlan(plan),
    document: { ...plan, changesPending: changesPending(plan) },
    text: () => planText(plan, changesPending(plan), context.stdout),
  }
}
