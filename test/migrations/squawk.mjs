// Lets squawk read every migration of the corpus and writes down what it says: squawk.json, which the tests compare with.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { attempt } from '../../lab/process.mjs'

const version = '2.66.0'
const here = dirname(fileURLToPath(import.meta.url))
const cache = join(here, '../../node_modules/.cache')
await mkdir(cache, { recursive: true })
const scratch = await mkdtemp(join(cache, 'slipway-squawk-'))
try {
  const { corpus, sqlOf, sha256 } = await load()
  const cases = Object.values(corpus)
    .flat()
    .map(one => ({ name: one.name, sql: sqlOf(one), transaction: one.oneByOne !== true }))
    .filter(({ sql }) => sql !== undefined)
  const rules = await ask(cases)
  const recorded = cases.map(({ name, sql }, place) => [name, { sha256: sha256(sql), rules: rules[place] }])
  await writeFile(
    join(here, 'squawk.json'),
    `${JSON.stringify({ version, cases: Object.fromEntries(recorded) }, null, 2)}\n`,
  )
} finally {
  await rm(scratch, { recursive: true, force: true })
}

async function load() {
  const outfile = join(scratch, 'corpus.mjs')
  const contents = `export { corpus } from './corpus.ts'; export { sqlOf, sha256 } from './run/squawk-input.ts'`
  await build({
    stdin: { contents, resolveDir: here },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  })
  return import(pathToFileURL(outfile).href)
}

/** The rules broken by each; what runs in a transaction is told to be so. */
async function ask(cases) {
  const rules = cases.map(() => new Set())
  for (const transaction of [true, false]) {
    const files = []
    for (const [place, one] of cases.entries()) {
      if (one.transaction !== transaction) continue
      files.push(join(scratch, `${place}.sql`))
      await writeFile(files.at(-1), one.sql)
    }
    const words = [
      '--yes',
      `squawk-cli@${version}`,
      '--reporter=json',
      '--pg-version=16.0',
      ...(transaction ? ['--assume-in-transaction'] : []),
    ]
    const { stdout, stderr } = await attempt('npx', [...words, ...files])
    if (!stdout.startsWith('[')) throw new Error(`squawk said nothing: ${stderr}`)
    for (const { file, rule_name } of JSON.parse(stdout)) rules[Number(/(\d+)\.sql$/.exec(file)[1])].add(rule_name)
  }
  return rules.map(set => [...set].sort((a, b) => (a < b ? -1 : 1)))
}
