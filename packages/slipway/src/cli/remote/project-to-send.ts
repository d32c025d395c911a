import { basename, relative } from 'node:path'
import { readCompose, type ResolvedCompose } from '../../config/compose.ts'
import { readComposeSources } from '../../config/locate.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import type { Commit } from '../../release/model.ts'
import { isBelow, placesOf } from '../../runner/place.ts'
import type { Place } from '../../runner/container-argv.ts'
import type { Manifest } from '../../runner/manifest.ts'
import { manifestOf } from '../../runner/read-folder.ts'
import { commitOf } from '../../source/git.ts'
import { listProject } from '../../source/listing.ts'
import { askedVariables, variablesToSend } from '../../source/variables.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { Variables } from './calls.ts'

/** What the operator's side knows of a project before it connects: read once, and only as far as it is asked for. */
export class ProjectToSend {
  readonly directory: string
  readonly file: string
  readonly #config: EnvironmentConfig
  #document: Promise<ResolvedCompose> | undefined
  #code: Promise<Code> | undefined

  constructor(config: EnvironmentConfig) {
    this.#config = config
    this.directory = config.directory
    this.file = basename(config.file)
  }

  /** What of the server is needed beside Slipway's own folder. */
  async places(): Promise<Pick<Place, 'folders' | 'files'>> {
    return placesOf(this.#config, await this.#compose())
  }

  /** The same without the Compose files, which may have mistakes just when somebody wants to look. */
  folders(): Pick<Place, 'folders' | 'files'> {
    return placesOf(this.#config, { services: {} })
  }

  read(): Promise<Code> {
    return (this.#code ??= this.#read())
  }

  async #read(): Promise<Code> {
    if (this.#config.source.kind === 'git') throw notYetFromGit(this.#config)
    const document = await this.#compose()
    refuseOutside(this.#config, document)
    const sources = await readComposeSources(this.#config.composeFiles)
    const values = sources.map(source => source.value)
    const [manifest, commit] = await Promise.all([
      listProject(this.#config, document, values).then(paths => manifestOf(this.directory, paths)),
      commitOf(this.directory),
    ])
    return { manifest, commit, variables: variablesToSend(askedVariables(values), process.env) }
  }

  #compose(): Promise<ResolvedCompose> {
    return (this.#document ??= readCompose(this.#config))
  }
}

interface Code {
  manifest: Manifest
  commit: Commit | undefined
  variables: Variables
}

/** The folder of slipway.yaml travels: what lies elsewhere is not on the server. */
function refuseOutside(config: EnvironmentConfig, document: ResolvedCompose): void {
  for (const [name, service] of Object.entries(document.services)) {
    const context = service.build?.context?.replaceAll('$$', '$')
    if (context === undefined || !context.startsWith('/') || isBelow(config.directory, context)) continue
    throw new SlipwayError('CONFIG_INVALID', `The service ${name} is built from outside the project`, {
      why: `its build context is ${relative(config.directory, context)}, and only the folder of slipway.yaml is sent to a server`,
      state: 'nothing was changed',
      next: 'Put slipway.yaml into the folder that holds all of it.',
    })
  }
}

function notYetFromGit(config: EnvironmentConfig): SlipwayError {
  return new SlipwayError('CONFIG_INVALID', `The environment ${config.environment} has both source: git and a server`, {
    why: 'a server can not pull from Git yet: the code is sent there',
    state: 'nothing was changed',
    next: 'Leave out `source` for this environment, check the branch out here (a pipeline has) and deploy that.',
  })
}
