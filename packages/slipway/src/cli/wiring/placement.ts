import { checkPlacement } from '../../config/check.ts'
import { loadConfig } from '../../config/load.ts'
import { locator, readComposeSources } from '../../config/locate.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { ResolvedSource } from './resolve.ts'

/**
 * Of several servers, before any of them begins: nobody has to have run `slipway check` for a service not to be on no
 * server, or to be built on each of them.
 */
export async function provePlacement({ config, document, services }: ResolvedSource): Promise<void> {
  const [{ source }, layers] = await Promise.all([
    loadConfig(config.file, config.environment),
    readComposeSources(config.composeFiles),
  ])
  const problems = checkPlacement({ config, document, services, locator: locator(config, source, layers) })
  const errors = problems.filter(problem => problem.severity === 'error')
  if (errors.length === 0) return
  throw new SlipwayError('CONFIG_INVALID', 'The services can not run on these servers', {
    problems: errors,
    state: 'nothing was changed',
    next: 'Mend what is listed and run: slipway check',
  })
}
