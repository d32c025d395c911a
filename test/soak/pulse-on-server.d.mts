import type { LabServer } from '../../lab/server.mjs'
import { Pulse, type PulseOptions } from './pulse.mjs'

export declare class PulseOnServer extends Pulse {
  static create(options: PulseOptions & { name: string; images?: readonly string[] }): Promise<PulseOnServer>
  readonly server: LabServer
  inside(...argv: string[]): Promise<string>
  runners(): Promise<string[]>
}
