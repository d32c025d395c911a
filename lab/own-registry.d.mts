export interface OwnRegistry {
  /** `localhost:4321`: as images name it. */
  host: string
  port: number
  folder: string
  data: string
  child: { pid: number }
  setPassword(next: string): Promise<void>
  login(configuration: string): Promise<void>
  up(): Promise<void>
  down(): Promise<void>
  stop(): Promise<void>
}

export function startRegistry(options: {
  user: string
  password: string
  log?: (line: string) => void
}): Promise<OwnRegistry>
