import { basename, relative } from 'node:path'
import { readCompose, type ResolvedCompose } from '../../config/compose.ts'
import { variablesOf } from '../../config/compose-secrets.ts'
import { unescaped } from '../../config/dollars.ts'
import { readComposeSources } from '../../config/locate.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import type { Promotion } from '../../release/promotion.ts'
import { isBelow, placesOf } from '../../runner/place.ts'
import type { Place } from '../../runner/container-argv.ts'
import type { Manifest } from '../../runner/manifest.ts'
import { manifestOf } from '../../runner/read-folder.ts'
import { handOver } from '../../secrets/handed-over.ts'
import type { OpenSecrets } from '../../secrets/open.ts'
import { commitOf } from '../../source/git.ts'
import { listProject } from '../../source/listing.ts'
import { askedVariables, variablesToSend } from '../../source/variables.ts'
import { SlipwayError } from '../../support/errors.ts'
import { openEnvironmentSecrets, variablesForLooking } from '../wiring/environment-secrets.ts'
import { promotedVariables } from '../wiring/promotion.ts'
import { passwordsHere } from '../wiring/registries.ts'
import type { Project } from './calls.ts'

/** What the operator's side knows of a project before it connects: read once, and only as far as it is asked for. */
export class ProjectToSend {
  readonly directory: string
  readonly file: string
  readonly #config: EnvironmentConfig
  readonly #promotion: Promotion | undefined
  #secrets: Promise<OpenSecrets | undefined> | undefined
  #document: Promise<ResolvedCompose> | undefined
  #code: Promise<Code> | undefined

  constructor(config: EnvironmentConfig, promotion?: Promotion) {
    this.#config = config
    this.#promotion = promotion
    this.directory = config.directory
    this.file = basename(config.file)
  }

  /** What of the server is needed beside Slipway's own folder. */
  async places(): Promise<Pick<Place, 'folders' | 'files'>> {
    if (this.#config.source.kind === 'git') return this.#likelyPlaces()
    return placesOf(this.#config, await this.#compose())
  }

  /** The commit is not known yet: what the Compose files here name is as likely as anything. */
  async #likelyPlaces(): Promise<Pick<Place, 'folders' | 'files'>> {
    const looking = variablesForLooking(this.#config).then(variables => readCompose(this.#config, { variables }))
    return placesOf(this.#config, await looking.catch(() => ({ services: {} })))
  }

  /** The same without the Compose files, which may have mistakes just when somebody wants to look. */
  folders(): Pick<Place, 'folders' | 'files'> {
    return placesOf(this.#config, { services: {} })
  }

  read(): Promise<Code> {
    return (this.#code ??= this.#read())
  }

  async #read(): Promise<Code> {
    const document = await this.#compose()
    refuseOutside(this.#config, document)
    const sources = await readComposeSources(this.#config.composeFiles)
    const values = sources.map(source => source.value)
    const [manifest, commit, secrets] = await Promise.all([
      listProject(this.#config, document, values).then(paths => manifestOf(this.directory, paths)),
      commitOf(this.directory),
      this.#opened(),
    ])
    return {
      manifest,
      passwords: passwordsHere(this.#config, process.env),
      variables: variablesToSend(askedVariables(values), process.env),
      ...(commit === undefined ? {} : { commit }),
      ...(secrets === undefined ? {} : { secrets: handOver(secrets) }),
    }
  }

  #opened(): Promise<OpenSecrets | undefined> {
    return (this.#secrets ??= openEnvironmentSecrets(this.#config))
  }

  #compose(): Promise<ResolvedCompose> {
    return (this.#document ??= this.#resolved())
  }

  async #resolved(): Promise<ResolvedCompose> {
    const secrets = await this.#opened()
    const images = this.#promotion === undefined ? {} : await promotedVariables(this.#config, this.#promotion)
    return readCompose(this.#config, { variables: { ...variablesOf(secrets?.values ?? new Map()), ...images } })
  }
}

interface Code extends Omit<Project, 'file'> {
  manifest: Manifest
}

/** The folder of slipway.yaml travels: what lies elsewhere is not on the server. */
function refuseOutside(config: EnvironmentConfig, document: ResolvedCompose): void {
  for (const [name, service] of Object.entries(document.services)) {
    const context = unescaped(service.build?.context ?? '')
    if (!context.startsWith('/') || isBelow(config.directory, context)) continue
    throw new SlipwayError('CONFIG_INVALID', `The service ${name} is built from outside the project`, {
      why: `its build context is ${relative(config.directory, context)}, and only the folder of slipway.yaml is sent to a server`,
      state: 'nothing was changed',
      next: 'Put slipway.yaml into the folder that holds all of it.',
    })
  }
}
