import { RealApplication } from './real-application.ts'
import { loadHere } from './uploaded.ts'

/** Puts the real parts together for one environment of this machine, whatever server its slipway.yaml names. */
export async function openHere(configFile: string, environment: string): Promise<RealApplication> {
  return openLoaded(await loadHere(configFile, environment))
}

/** `elsewhere`: has somebody look after a warm release who stays when this process ends; false: there is nobody. */
export function openLoaded(
  { config, problems, layout }: Awaited<ReturnType<typeof loadHere>>,
  elsewhere?: () => Promise<boolean>,
): RealApplication {
  return new RealApplication(config, layout, problems, { ...(elsewhere === undefined ? {} : { elsewhere }) })
}
