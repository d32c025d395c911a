import type { Path, Place, YamlSource } from './yaml-source.ts'

/**
 * Where a setting of an environment stands in slipway.yaml: what the environment itself says comes first, then the
 * top level, then the nearest thing around it. Without an environment: the top level alone.
 */
export function settingPlace(
  source: YamlSource,
  environment: string | undefined,
  path: Path,
): Place & { path: string } {
  const own: Path = ['environments', environment ?? '', ...path]
  for (let length = path.length; length > 0; length -= 1) {
    const candidates = [...(environment === undefined ? [] : [own.slice(0, length + 2)]), path.slice(0, length)]
    for (const candidate of candidates) {
      const place = source.keyPlace(candidate)
      if (place !== undefined) return { ...place, path: candidate.join('.') }
    }
  }
  const around = source.keyPlace(own.slice(0, 2)) ?? source.nearest([])
  return { ...around, path: path.join('.') }
}
