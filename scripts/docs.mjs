import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** Writes the reference pages and the JSON Schema that follow from the code; with --check it only says which are stale. */
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const check = process.argv.includes('--check')
const stale = []
for (const [path, text] of Object.entries(await documents())) {
  const file = join(root, path)
  const before = await readFile(file, 'utf8').catch(() => '')
  if (before === text) continue
  stale.push(`${path}: ${difference(before, text)}`)
  if (check) continue
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}
for (const line of stale) console.error(`${check ? 'stale' : 'written'}  ${line}`)
if (stale.length === 0) console.error('the reference is as the code says')
if (check && stale.length > 0) {
  console.error('Run: npm run docs')
  process.exitCode = 1
}

/** The sources are TypeScript, so they are bundled first; the bundle lies where the packages it leaves out are found. */
async function documents() {
  const place = join(root, 'node_modules/.cache')
  await mkdir(place, { recursive: true })
  const directory = await mkdtemp(join(place, 'slipway-docs-'))
  const outfile = join(directory, 'documents.mjs')
  try {
    await build({
      entryPoints: [join(root, 'packages/slipway/src/cli/reference/documents.ts')],
      outfile,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20.19',
      external: ['../commands/*'],
      logLevel: 'warning',
    })
    const { referenceDocuments } = await import(pathToFileURL(outfile).href)
    return referenceDocuments()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function difference(before, after) {
  if (before === '') return 'new'
  const was = new Set(before.split('\n'))
  const is = new Set(after.split('\n'))
  const added = [...is].filter(line => !was.has(line))
  const removed = [...was].filter(line => !is.has(line))
  const first = added[0] ?? removed[0] ?? 'the order of lines'
  return `${added.length} lines more, ${removed.length} less; first: ${first.trim().slice(0, 100)}`
}
