import { chmod, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles the command line into packages/slipway/dist, or the folder given: one entry, and a chunk for each part that is loaded only when used. */
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const home = join(root, 'packages/slipway')
const target = resolve(process.argv[2] ?? join(home, 'dist'))
// Beside it first: a build that fails leaves the old one, and what runs from it is not pulled away for long.
const dist = `${target}.${process.pid}`

const startedAt = performance.now()
const result = await build({
  absWorkingDir: home,
  entryPoints: { slipway: 'src/cli/main.ts' },
  outdir: dist,
  entryNames: '[name]',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  metafile: true,
  banner: { js: commonJsBridge() },
  logLevel: 'warning',
})
const entry = join(dist, 'slipway.js')
await chmod(entry, 0o755)

const total = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
const { size } = await stat(entry)
const first = (await readFile(entry, 'utf8')).split('\n')[0]
if (first !== '#!/usr/bin/env node') throw new Error(`${entry} begins with '${first}', not with its interpreter`)
await rm(target, { recursive: true, force: true })
await rename(dist, target)
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
console.error(
  `built ${relative(root, join(target, 'slipway.js'))} in ${seconds} s: ${size} bytes, ${Math.round(total / 1000)} kB with its chunks and maps`,
)

/** Some dependencies are CommonJS and ask for Node's own modules by `require`. */
function commonJsBridge() {
  return "import{createRequire as slipwayRequire}from'node:module';const require=slipwayRequire(import.meta.url);"
}
