export interface OwnDockerPlace {
  base: string
  namespace: string
  liveRestore: boolean
}

export declare class OwnDocker implements OwnDockerPlace {
  static create(options?: { liveRestore?: boolean; directory?: string }): Promise<OwnDocker>
  constructor(place: OwnDockerPlace)
  readonly base: string
  readonly namespace: string
  readonly liveRestore: boolean
  readonly environment: { DOCKER_HOST: string }
  argv(program: string, ...argumentList: string[]): [string, string[]]
  start(): Promise<void>
  answers(): Promise<boolean>
  pid(): number | undefined
  signal(name: NodeJS.Signals): void
  kill(): Promise<void>
  killContainerd(): void
  powerCut(...alsoThese: number[]): Promise<void>
  destroy(): Promise<void>
}
