import { GithubRenderer } from './github.ts'
import { PlainRenderer } from './plain.ts'
import type { Renderer } from './renderer.ts'
import type { Screen, Variables } from './screen.ts'
import { TerminalRenderer } from './terminal.ts'

/** How a deployment is shown on this stream. */
export function rendererFor(screen: Screen, variables: Variables): Renderer {
  if (variables['GITHUB_ACTIONS'] === 'true') return new GithubRenderer(screen, variables)
  return screen.animated ? new TerminalRenderer(screen) : new PlainRenderer(screen)
}
