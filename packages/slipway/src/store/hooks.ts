import { lastLines, run } from '../support/run.ts'
import { SlipwayError } from '../support/errors.ts'
import type { EnvironmentConfig } from '../config/model.ts'
import type { Hooks } from '../release/ports.ts'

/** Hooks are programs with argv, run in the folder of slipway.yaml as it is deployed, told about the deployment by SLIPWAY_ variables. */
export function programHooks(config: EnvironmentConfig, directory = config.directory): Hooks {
  return {
    async run(when, facts) {
      for (const [program, ...argv] of config.hooks[when]) {
        if (program === undefined) continue
        const result = await run(program, argv, {
          directory,
          environment: { ...facts, SLIPWAY_APP: config.app, SLIPWAY_ENVIRONMENT: config.environment },
          timeoutMs: config.hooks.timeoutMs,
        })
        if (result.exitCode === 0) continue
        throw new SlipwayError('HOOK_FAILED', `The hook ${program} failed`, {
          why: result.timedOut
            ? `it did not end within ${config.hooks.timeoutMs / 1000} s`
            : `it exited with code ${result.exitCode}`,
          output: lastLines(`${result.stdout}\n${result.stderr}`),
          next: 'Mend the hook, or take it out of slipway.yaml.',
        })
      }
    },
  }
}
