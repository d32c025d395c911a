// The docker command line, for tests.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const exec = promisify(execFile)

export async function docker(...argv) {
  return (await exec('docker', argv, { maxBuffer: 64 * 1024 * 1024 })).stdout
}

export function lines(text) {
  return text.split('\n').filter(Boolean)
}
