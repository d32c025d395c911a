import { variablesOf } from '../../config/compose-secrets.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { inCommon } from '../../secrets/compare.ts'
import { type OpenSecrets, readSealedFile } from '../../secrets/open.ts'
import { textOf } from '../../secrets/rules.ts'
import type { SealedFile } from '../../secrets/sealed-file.ts'
import { isSearchable, type KnownSecret } from '../../secrets/scan/text.ts'
import { type Problem, SlipwayError } from '../../support/errors.ts'
import { secretFindings } from './declared-secrets.ts'
import { openEnvironmentSecrets, standIns } from './environment-secrets.ts'

/** What can be said of an environment's secrets with the keys at hand, which on a pipeline may be none. */
export interface SecretsSeen {
  config: EnvironmentConfig
  /** For Compose: the values, or where they can not be read something in their place. */
  variables: Record<string, string>
  sealed?: SealedFile
  opened?: OpenSecrets
  problems: Problem[]
}

export async function lookAtSecrets(config: EnvironmentConfig): Promise<SecretsSeen> {
  let sealed: SealedFile | undefined
  try {
    sealed = await readSealedFile(config.secrets.file)
    const opened = sealed === undefined ? undefined : await openEnvironmentSecrets(config)
    const variables = variablesOf(opened?.values ?? new Map())
    return {
      config,
      variables,
      problems: [],
      ...(sealed === undefined ? {} : { sealed }),
      ...(opened === undefined ? {} : { opened }),
    }
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    const noKey = error.code === 'AGE_KEY_UNUSABLE'
    return {
      config,
      variables: standIns(sealed),
      ...(sealed === undefined ? {} : { sealed }),
      problems:
        error.problems.length > 0 ? [...error.problems] : [problemOf(config, error, noKey ? 'warning' : 'error')],
    }
  }
}

/** What is missing or does not fit. Without a key only names can be looked at. */
export async function secretProblems({ config, sealed, opened, problems }: SecretsSeen): Promise<Problem[]> {
  // A file that is there and can not be read lacks nothing that could be told.
  if (sealed === undefined && problems.length > 0) return problems
  const place = { file: config.secrets.file, line: 0, column: 0 }
  const onlyNames = sealed !== undefined && opened === undefined
  const values = opened?.values ?? new Map([...(sealed?.values.keys() ?? [])].map(name => [name, new Uint8Array()]))
  const findings = (await secretFindings(config, values)).filter(({ kind }) => !onlyNames || kind !== 'unfit')
  return [
    ...problems,
    ...findings.map(
      ({ name, kind, message, command }): Problem => ({
        ...place,
        severity: kind === 'undeclared' ? 'warning' : 'error',
        path: name,
        message,
        mend: `slipway secrets ${command} ${config.environment} ${name}`,
      }),
    ),
  ]
}

/** Values that several environments share and must not. */
export function sameInSeveral(seen: readonly SecretsSeen[]): Problem[] {
  return seen.flatMap(({ config, opened }, index) =>
    seen.slice(index + 1).flatMap(other => {
      if (opened === undefined || other.opened === undefined) return []
      const [left, right] = [
        { values: opened.values, rules: config.secrets.rules },
        { values: other.opened.values, rules: other.config.secrets.rules },
      ]
      const [one, two] = [config.environment, other.config.environment]
      return inCommon(left, right).map(
        ({ here, there, inAddress, mend }): Problem => ({
          severity: 'error',
          file: other.config.secrets.file,
          line: 0,
          column: 0,
          path: there,
          message:
            here === there
              ? `${inAddress === true ? `the password in ${here}` : here} is the same in ${one} and ${two}`
              : `${here} of ${one} and ${there} of ${two} are the same, or have the same password`,
          mend: `Give each its own: slipway secrets ${mend} ${two} ${there}${mend === 'generate' ? ' --replace' : ''}. May it be the same? In both: secrets: { ${there}: { shared: true } }.`,
        }),
      )
    }),
  )
}

export function knownSecrets({ config, opened }: SecretsSeen): KnownSecret[] {
  return [...(opened?.values ?? [])].flatMap(([name, bytes]) => {
    const value = textOf(bytes)
    return value !== undefined && isSearchable(name, value) ? [{ environment: config.environment, name, value }] : []
  })
}

function problemOf(config: EnvironmentConfig, error: SlipwayError, severity: Problem['severity']): Problem {
  return {
    severity,
    file: config.secrets.file,
    line: 0,
    column: 0,
    path: '',
    message: [error.message, error.why].filter(part => part !== undefined).join(': '),
    mend: severity === 'warning' ? 'Without a key only the names are checked.' : (error.next ?? ''),
  }
}
