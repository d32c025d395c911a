/**
 * How the single values of slipway.yaml must look: the pattern, what it is called, and how to mend it.
 * The patterns end up in the JSON Schema, so they use nothing that an editor would not understand.
 */
export const formats = {
  app: {
    pattern: /^[a-z][a-z0-9-]{0,29}$/,
    is: 'a name for an app',
    mend: 'Use lower-case letters, digits and hyphens, start with a letter, at most 30 characters.',
  },
  environment: {
    // No hyphen: `<app>-<environment>` names everything on a server, and two apps must never share a name.
    pattern: /^[a-z][a-z0-9_]{0,19}$/,
    is: 'a name for an environment',
    mend: 'Use lower-case letters, digits and underscores, start with a letter, at most 20 characters.',
  },
  service: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    is: 'the name of a Compose service',
    mend: 'Use the name under `services:` of the Compose file: letters, digits, dot, underscore and hyphen.',
  },
  duration: {
    pattern: /^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h)$/,
    is: 'a duration',
    mend: 'Write 500ms, 2s, 10m or 1h, or a bare number of seconds.',
  },
  urlPath: {
    pattern: /^\/[!-"$-~]*$/,
    is: 'a path of a URL',
    mend: 'Start with a slash, without host and without blanks, as in /health.',
  },
  databaseName: {
    pattern: /^[A-Za-z0-9_][A-Za-z0-9_.$-]{0,62}$/,
    is: 'a name of a PostgreSQL database or user',
    mend: 'Use letters, digits, underscore, dot and hyphen, at most 63 characters.',
  },
  remote: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    is: 'the name of a Git remote',
    mend: 'Use the name that `git remote` prints, as in origin; not an address.',
  },
  server: {
    pattern: /^(?!local$)[a-z][a-z0-9-]{0,39}$/,
    is: 'a name for a server',
    mend: 'Use lower-case letters, digits and hyphens, start with a letter, at most 40 characters; `local` is this machine.',
  },
  image: {
    // By digest alone: what runs as root on a server must not change under its name.
    pattern: /^[a-z0-9][A-Za-z0-9._:/-]{0,200}@sha256:[0-9a-f]{64}$/,
    is: 'an image with its digest',
    mend: 'Write registry, name and digest, as in registry.example.com/slipway-runner@sha256:… with 64 digits.',
  },
  registry: {
    // With a dot, a port, or as localhost: Docker takes anything else for a folder of its own registry.
    pattern: /^(?=[^/]*[.:]|localhost$)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$/,
    is: 'the name of a registry',
    mend: 'Write host and port as images name them, without https:// and path, as in ghcr.io or registry.example.com:5000; docker.io is the one of Docker.',
  },
  registryUser: {
    pattern: /^[A-Za-z0-9_][A-Za-z0-9_.$+@/-]{0,127}$/,
    is: 'the name of a user of a registry',
    mend: 'Use letters, digits and . _ $ + @ / -, at most 128 characters.',
  },
  secret: {
    pattern: /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/,
    is: 'a name for a secret',
    mend: 'Use letters, digits, underscore, hyphen and dot, start with a letter, at most 128 characters.',
  },
  host: {
    pattern: /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    is: 'a host name',
    mend: 'Write the lower-case name alone, without https://, port, path or wildcard, as in app.example.com; letters with accents go in their xn-- form.',
  },
  account: {
    pattern: /^[a-z_][a-z0-9_-]{0,31}$/,
    is: 'the name of a user on a server',
    mend: 'Use lower-case letters, digits, underscore and hyphen, at most 32 characters, as in deploy.',
  },
  megabytes: {
    pattern: /^[1-9][0-9]{0,4}[mg]$/,
    is: 'a size',
    mend: 'Write 512m or 4g.',
  },
} as const satisfies Record<string, Format>

export interface Format {
  pattern: RegExp
  /** Completes the sentence "… is not …". */
  is: string
  mend: string
}

/** The format behind a pattern that a value did not match, as zod reports it. No two formats share a pattern. */
export function formatOfPattern(pattern: string): Format | undefined {
  return Object.values<Format>(formats).find(format => String(format.pattern) === pattern)
}
