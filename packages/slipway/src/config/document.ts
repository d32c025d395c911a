/** A Compose document as `docker compose config` resolves it. Only what Slipway looks at is named; the rest passes through. */
export interface ComposeDocument {
  name?: string
  services: Record<string, ComposeService>
  networks?: Record<string, ComposeNetwork | null>
  volumes?: Record<string, ComposeVolume | null>
  secrets?: Record<string, ComposeFile>
  configs?: Record<string, ComposeFile>
  [extension: string]: unknown
}

export interface ComposeService {
  image?: string
  build?: { context?: string; [field: string]: unknown }
  command?: string[] | string | null
  container_name?: string
  environment?: Record<string, string | null>
  ports?: { target?: number; published?: string; host_ip?: string; protocol?: string }[]
  expose?: (string | number)[]
  depends_on?: Record<string, { condition?: string; [field: string]: unknown }>
  networks?: Record<string, { aliases?: string[]; [field: string]: unknown } | null>
  volumes?: { type?: string; source?: string; target?: string; [field: string]: unknown }[]
  healthcheck?: { test?: string[] | string; disable?: boolean; [field: string]: unknown }
  labels?: Record<string, string>
  deploy?: { replicas?: number; resources?: { limits?: { memory?: string } }; [field: string]: unknown }
  network_mode?: string
  restart?: string
  scale?: number
  mem_limit?: string
  [field: string]: unknown
}

export interface ComposeNetwork {
  name?: string
  external?: boolean
  [field: string]: unknown
}

export interface ComposeVolume {
  name?: string
  external?: boolean
  driver?: string
  driver_opts?: Record<string, string>
  [field: string]: unknown
}

export interface ComposeFile {
  file?: string
  /** Slipway's own: the value itself, out of the encrypted file. It becomes a file before the document is written. */
  value?: Uint8Array
  environment?: string
  external?: boolean
  [field: string]: unknown
}
