import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import type { Context, Result } from '../../context.ts'
import { setUpText } from '../../render/server-controls.ts'
import { loginOf, noting, openServers } from './open.ts'

interface Input {
  server: string
  login: string | undefined
  guard: number
}

export const run: Handler<Input> = (input, context) => setUp(input, 'all', context)

export async function setUp(input: Input, scope: 'all' | 'hardening', context: Context): Promise<Result> {
  const servers = await openServers(context)
  const report = await servers.setUp(input.server, {
    signal: context.signal,
    scope,
    guardSeconds: input.guard,
    note: noting(context),
    ...loginOf(input.login),
  })
  return { exitCode: exitCodes.ok, document: report, text: () => setUpText(report, context.stdout) }
}
