import { SlipwayError } from '../support/errors.ts'
import { lastLines, type RunResult } from '../support/run.ts'
import { dockerError } from './docker.ts'

/** What a registry's refusal means, by what Docker printed of it. */
export function registryFailure(attempted: string, registry: string, result: RunResult): SlipwayError {
  const printed = `${result.stderr}\n${result.stdout}`
  const general = dockerError(['registry'], result, { attempted })
  if (general.code !== 'ENGINE_FAILED') return general
  const found = result.timedOut ? silent : meanings.find(each => each.pattern.test(printed))
  return new SlipwayError('REGISTRY_FAILED', attempted, {
    why: found?.why(registry) ?? lastLines(result.stderr, 1)[0],
    output: lastLines(printed, 8),
    state: 'nothing that runs was touched',
    next: (found ?? unknown).next(registry),
  })
}

interface Meaning {
  why(registry: string): string
  next(registry: string): string
}

const silent: Meaning = {
  why: registry => `${registry} does not answer`,
  next: () => 'Try again; when it stays so, see whether the registry and the way to it are up.',
}

/** The first that fits: a wrong digest is worth more words than the retry that followed on it. */
const meanings: readonly (Meaning & { pattern: RegExp })[] = [
  {
    pattern: /verification failed|digest mismatch|failed to verify|unexpected (digest|commit digest)|content digest/i,
    why: registry => `what ${registry} sent is not what the digest stands for`,
    next: () => 'Do not deploy it. Find out who changed what lies in the registry, and push the image anew.',
  },
  {
    pattern: /server gave HTTP response to HTTPS client|certificate|x509|tls: /i,
    why: registry => `${registry} has no certificate that is valid here`,
    next: () => 'Give it one; without TLS only a registry on localhost is spoken to.',
  },
  {
    pattern:
      /unauthorized|authentication required|incorrect username or password|\b401\b|\b403\b|denied|no basic auth/i,
    why: registry => `${registry} does not accept the login, or it may not read this image`,
    next: registry =>
      `Check user and password of ${registry} under \`registries\` in slipway.yaml; a new password: slipway secrets set.`,
  },
  {
    pattern: /manifest unknown|name unknown|not found|does not exist|\b404\b/i,
    why: registry => `${registry} does not have it (any more)`,
    next: () => 'Check name and tag, or push it again.',
  },
  {
    pattern:
      /connection refused|no such host|i\/o timeout|deadline exceeded|connection reset|network is unreachable|no route to host|unexpected EOF|\bEOF\b|\b50[0234]\b|server misbehaving|timeout/i,
    ...silent,
  },
  {
    pattern: /'buildx' is not a docker command|unknown (flag|command)/i,
    why: () => 'Docker has no buildx here, or one that is too old',
    next: () => 'Install the package docker-buildx-plugin (Debian: docker-buildx).',
  },
]

const unknown: Meaning = {
  why: () => '',
  next: registry => `Check the image's name, and what ${registry} says of it.`,
}
