import type { Handler } from '../../command.ts'
import { setUp } from './set-up.ts'

export const run: Handler<{ server: string; login: string | undefined; guard: number }> = (input, context) =>
  setUp(input, 'hardening', context)
