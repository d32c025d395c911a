import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listEnvironments, loadConfig } from '../../src/config/load.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { plainCompose, project } from './project.ts'

const mostMilliseconds = 2000
const directory = project({ 'compose.yaml': plainCompose })
const file = join(directory, 'slipway.yaml')

describe('whatever slipway.yaml holds', () => {
  it.each(Object.entries(attacks()))('%s is refused at once', async (_, content) => {
    const error = await attempt(content)
    expect(error?.code).toBe('CONFIG_INVALID')
    expect(error?.problems.length).toBeGreaterThan(0)
    for (const problem of error?.problems ?? []) {
      expect(problem.message.length + problem.mend.length).toBeLessThan(600)
      expect(problem.message + problem.path).not.toMatch(/\p{Cc}/u)
    }
  })

  it('is text, bytes or a tree: nothing but a SlipwayError comes out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), yamlLike(), fc.json(), fc.uint8Array()),
        async content => {
          await attempt(content)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('is a tree of the right keys with any values: nothing but a SlipwayError comes out', async () => {
    await fc.assert(
      fc.asyncProperty(likelySettings(), async settings => {
        await attempt(JSON.stringify(settings))
      }),
      { numRuns: 300 },
    )
  })

  it('is a link to a folder, a device or nothing', async () => {
    const place = project({ folder: '' })
    for (const [name, target] of [
      ['a', '.'],
      ['b', '/dev/zero'],
      ['c', 'nowhere'],
    ] as const) {
      symlinkSync(target, join(place, name))
      await expect(loadConfig(join(place, name), 'local')).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
    }
  })

  it('names the first byte that is not UTF-8', async () => {
    const error = await attempt(Buffer.from([...Buffer.from('app: shop\nx: '), 0xff]))
    expect(error?.problems).toMatchObject([{ line: 2, column: 4, message: 'the file is not UTF-8 text' }])
  })

  it('never runs what looks like a command', async () => {
    const marker = join(directory, 'marker')
    const payloads = [
      `$(touch ${marker})`,
      `\`touch ${marker}\``,
      `; touch ${marker}`,
      `--x=$(touch ${marker})`,
      `\n touch ${marker}`,
    ]
    for (const payload of payloads) {
      await attempt(
        JSON.stringify({ app: payload, database: payload, migrate: payload, source: { git: { branch: payload } } }),
      )
      await attempt(
        JSON.stringify({ app: 'shop', compose: payload, env_file: payload, hooks: { before_deploy: [payload] } }),
      )
    }
    expect(existsSync(marker)).toBe(false)
  })
})

async function attempt(content: string | Uint8Array): Promise<SlipwayError | undefined> {
  writeFileSync(file, content)
  const started = performance.now()
  try {
    for (const name of await listEnvironments(file)) await loadConfig(file, name)
    return undefined
  } catch (thrown) {
    if (thrown instanceof SlipwayError && thrown.code !== 'BUG') return thrown
    throw thrown
  } finally {
    expect(performance.now() - started).toBeLessThan(mostMilliseconds)
  }
}

function attacks(): Record<string, string | Uint8Array> {
  const letters = 'bcdefghi'.split('')
  const million = 990_000
  return {
    'a bomb of aliases': [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...letters.map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`),
    ].join('\n'),
    'a bomb of merges': [
      'a: &a {k: 1}',
      ...letters.map((name, index) => `${name}: &${name} {<<: [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]}`),
    ].join('\n'),
    'ten megabytes': Buffer.alloc(10_000_000, 'a: 1\n'),
    'ten megabytes of zeros': Buffer.alloc(10_000_000),
    'an endless alias': 'app: &a [*a]',
    brackets: '['.repeat(million),
    braces: 'app: {'.repeat(150_000),
    hyphens: '- '.repeat(million / 2),
    stairs: Array.from({ length: 1300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    commas: `app: [${','.repeat(million)}]`,
    quotes: '"'.repeat(million),
    escapes: `app: "${'\\x'.repeat(400_000)}"`,
    keys: Array.from({ length: 80_000 }, (_, index) => `k${index}: 1`).join('\n'),
    'double keys': 'app: 1\n'.repeat(140_000),
    documents: '---\n'.repeat(240_000),
    anchors: `a: &a x\nb:\n${'- *a\n'.repeat(150_000)}`,
    tags: '- !x y\n'.repeat(140_000),
    'a long text': `app: ${'x'.repeat(million)}`,
    'a terminal escape': 'app: "\u001b[2J"',
    'an escaped terminal escape': 'app: "\\e[2J\\u202e"',
    'a key of terminal escapes': '"\\e[2J\\u202e": 1',
    nul: 'app: a\0b',
    'a key that is a list': '? [a]\n: b',
    prototype: '{"app": "shop", "__proto__": {"x": 1}}',
    'services named as objects are': '{"app": "shop", "services": {"constructor": {"x": 1}, "toString": 1}}',
  }
}

/** Text of the signs that mean something in YAML. */
function yamlLike() {
  const signs = [
    'app',
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!',
    '|',
    '>',
    '"',
    "'",
    '#',
    '<<',
    '---\n',
    ',',
    'x',
    '0x1',
    '? ',
    '%',
    '\t',
  ]
  return fc.array(fc.constantFrom(...signs), { maxLength: 60 }).map(parts => parts.join(''))
}

function likelySettings() {
  const keys = [
    'app',
    'compose',
    'env_file',
    'services',
    'database',
    'migrate',
    'health',
    'edge',
    'hold',
    'hooks',
    'backups',
    'source',
    'environments',
  ]
  const inner = [
    'path',
    'service',
    'command',
    'files',
    'listen',
    'domain',
    'git',
    'branch',
    'before_deploy',
    'limit',
    'api',
    'hosts',
    '__proto__',
    'constructor',
  ]
  const value = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('shop', '/x', 'db', '2s', 'compose.yaml', '0.0.0.0:1', '../x', '', null, 0, 3000, true, 1e308),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...inner), tie('value'), { maxKeys: 4 }),
    ),
  })).value
  return fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 8 }).map(settings => ({ app: 'shop', ...settings }))
}
