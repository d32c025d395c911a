import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { scanHistory } from '../../../src/secrets/scan/history.ts'

/** Made up here, and put together so that this file has none of them. */
const token = () => `gh${'p'}_${randomBytes(40).toString('base64').replace(/\W/g, 'a').slice(0, 36)}`

let base = ''
let directory = ''

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-history-'))
  directory = join(base, 'repository')
  git(base, 'init', '--quiet', '--initial-branch=main', directory)
})
afterEach(() => rm(base, { recursive: true, force: true }))

function git(folder: string, ...argv: string[]): string {
  const settings = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'protocol.file.allow=always']
  const dated = { GIT_AUTHOR_DATE: '2026-03-02T10:00:00Z', GIT_COMMITTER_DATE: '2026-03-02T10:00:00Z' }
  return execFileSync('git', ['-C', folder, ...settings, ...argv], {
    encoding: 'utf8',
    env: { ...process.env, ...dated },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}

/** Undefined takes a file out. Returns the commit. */
async function commit(files: Record<string, string | Uint8Array | undefined>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const file = join(directory, name)
    await mkdir(dirname(file), { recursive: true })
    if (content === undefined) await rm(file)
    else await writeFile(file, content)
  }
  git(directory, 'add', '--all', '--force')
  git(directory, 'commit', '--quiet', '--message', 'a change')
  return git(directory, 'rev-parse', 'HEAD')
}

async function told(folder = directory, options = {}): Promise<string[]> {
  const report = await scanHistory(folder, options)
  return report.problems.map(each => `${each.path} ${each.file.slice(folder.length + 1)}:${each.line}`)
}

test('what was taken out is told once: where it stood first, since which commit, and not what it is', async () => {
  const secret = token()
  await commit({ 'app.js': 'one\n' })
  const first = await commit({ 'app.js': `one\n${secret}\n` })
  await commit({ 'app.js': `zero\none\n${secret}\n` })
  await commit({ 'app.js': 'one\n' })
  const report = await scanHistory(directory)
  expect(report).toMatchObject({ commits: 4, versions: 3, tooLarge: 0 })
  expect(report.problems).toMatchObject([{ path: 'github-token', file: join(directory, 'app.js'), line: 2, column: 1 }])
  expect(report.problems[0]?.message).toContain(`in commit ${first.slice(0, 12)} of 2026-03-02 is a GitHub token`)
  expect(JSON.stringify(report)).not.toContain(secret.slice(-12))
})

test('what stands there now is told by who looks at the files, and not twice', async () => {
  const [kept, gone] = [token(), token()]
  await commit({ 'a.js': `${kept}\n`, 'b.js': `${gone}\n`, '.env': 'JWT_SECRET=abc123xyz\n' })
  await commit({ 'b.js': `${kept}\n` })
  expect(await told()).toEqual(['github-token b.js:1'])
  git(directory, 'rm', '--quiet', '--cached', '.env')
  git(directory, 'commit', '--quiet', '--message', 'it lies there, and Git does not keep it any more')
  expect(await told()).toEqual(['env-file .env:1', 'github-token b.js:1'])
})

test('branches, tags and a stash are looked at, and what a merge alone has', async () => {
  await commit({ 'app.js': 'one\n' })
  git(directory, 'checkout', '--quiet', '-b', 'other')
  await commit({ 'other.js': token() })
  git(directory, 'checkout', '--quiet', 'main')
  await commit({ 'main.js': 'main\n' })
  git(directory, 'checkout', '--quiet', '--detach')
  await commit({ 'tagged.js': token() })
  git(directory, 'tag', '--annotate', '--message', 'a tag', 'v1')
  git(directory, 'checkout', '--quiet', 'main')
  git(directory, 'merge', '--quiet', '--no-commit', '--no-ff', '--strategy=ours', 'other')
  await commit({ 'merged.js': token() })
  await commit({ 'merged.js': undefined })
  await writeFile(join(directory, 'app.js'), token())
  git(directory, 'stash')
  expect((await told()).toSorted()).toEqual(
    ['app.js', 'merged.js', 'other.js', 'tagged.js'].map(file => `github-token ${file}:1`),
  )
  const unnamed = (await scanHistory(directory)).problems.filter(
    each => !/in commit [0-9a-f]{12} of 2026/.test(each.message),
  )
  expect(unnamed).toEqual([])
})

test('a project in a folder of its repository is looked at alone, and a value of one’s own is found', async () => {
  const value = 'not-a-known-form 7f3k'
  await commit({ 'shop/deep/notes.md': `\nsee ${value}`, 'desk/app.js': token() })
  await commit({ 'shop/deep/notes.md': 'nothing\n', 'desk/app.js': 'nothing\n' })
  const known = [{ environment: 'prod', name: 'SMTP_PASSWORD', value }]
  expect(await told(join(directory, 'shop'), { known })).toEqual(['known-secret deep/notes.md:2'])
  expect(await told(join(directory, 'shop'))).toEqual([])
})

test('an allowance for its commit allows it, one for another does not', async () => {
  const first = await commit({ 'app.js': token() })
  const second = await commit({ 'app.js': 'one\n' })
  const allowed = { file: 'app.js', commit: first.slice(0, 7), because: 'worthless since' }
  const other = { file: 'app.js', commit: second, because: 'worthless since' }
  const report = await scanHistory(directory, { allow: [other, allowed] })
  expect(report.problems).toEqual([])
  expect([...report.used]).toEqual([allowed])
  expect(await told(directory, { allow: [other] })).toHaveLength(1)
})

test('binary files, large files and hostile names disturb nothing', async () => {
  await commit({
    'binary.bin': Buffer.concat([Buffer.from([0]), Buffer.from(token())]),
    'large.txt': 'x'.repeat(5_000_001),
    '-x $(touch ran) `id`.js': `${token()}\n`,
    'ключ\n.js': `${token()}\n`,
    'empty.js': '',
    'not utf8.js': Buffer.concat([Buffer.from([0xff, 0xfd, 0x0a]), Buffer.from(token())]),
  })
  for (const name of await readdir(directory)) if (name !== '.git') await rm(join(directory, name))
  await commit({ 'app.js': 'one\n' })
  const report = await scanHistory(directory)
  expect(report).toMatchObject({ tooLarge: 1, versions: 6 })
  expect(report.problems).toHaveLength(3)
  expect(await readdir(directory)).toEqual(['.git', 'app.js'])
})

test('no repository, and one without a commit', async () => {
  await expect(scanHistory(base)).rejects.toMatchObject({ code: 'HISTORY_INCOMPLETE' })
  expect(await scanHistory(directory)).toMatchObject({ commits: 0, versions: 0, problems: [] })
})

test('where not all of it is there, no verdict is given', async () => {
  await commit({ 'app.js': token() })
  await commit({ 'app.js': 'one\n' })
  git(directory, 'config', 'uploadpack.allowFilter', 'true')
  git(base, 'clone', '--quiet', '--depth=1', `file://${directory}`, 'shallow')
  git(base, 'clone', '--quiet', '--filter=blob:none', `file://${directory}`, 'partial')
  for (const clone of ['shallow', 'partial']) {
    await expect(scanHistory(join(base, clone)), clone).rejects.toMatchObject({ code: 'HISTORY_INCOMPLETE' })
  }
  const lost = git(directory, 'rev-parse', 'HEAD~1:app.js')
  await rm(join(directory, '.git/objects', lost.slice(0, 2), lost.slice(2)))
  await expect(scanHistory(directory)).rejects.toMatchObject({ code: 'HISTORY_INCOMPLETE' })
})

test('a file that was renamed is judged by each of its names, with the commit of each', async () => {
  const first = await commit({ '.env': 'JWT_SECRET=abc123xyz\n', 'z.js': token() })
  git(directory, 'mv', '.env', '.env.example')
  git(directory, 'mv', 'z.js', 'b.js')
  const second = await commit({})
  await commit({ '.env.example': 'JWT_SECRET=\n', 'b.js': 'one\n' })
  const { problems } = await scanHistory(directory, { allow: [{ file: 'b.js', because: 'a test' }] })
  expect(problems.map(each => [each.path, each.file.slice(directory.length + 1), each.message.slice(10, 22)])).toEqual([
    ['env-file', '.env', first.slice(0, 12)],
    ['github-token', 'z.js', first.slice(0, 12)],
  ])
  expect((await told()).at(1)).toBe('github-token b.js:1')
  expect((await scanHistory(directory)).problems[1]?.message).toContain(second.slice(0, 12))
})

test('what came later under the same name is another secret, and an allowance for the first does not cover it', async () => {
  const key = (body: string) => `-----BEGIN ${'PRIVATE'} KEY-----\n${body}\n`
  const first = await commit({ '.env': 'DB_PASSWORD=blue-horse\n', 'k.pem': key('one') })
  await commit({ '.env': undefined, 'k.pem': undefined })
  const second = await commit({ '.env': 'DB_PASSWORD=red-tractor\n', 'k.pem': key('two') })
  await commit({ '.env': undefined, 'k.pem': undefined })
  const { problems } = await scanHistory(directory, { allow: [{ file: '**', commit: first, because: 'a test' }] })
  expect(problems).toHaveLength(2)
  for (const { message } of problems) expect(message).toContain(second.slice(0, 12))
})

test('neither settings nor grafts of the repository hide anything', async () => {
  const first = await commit({ 'app.js': token() })
  await commit({ 'app.js': 'one\n' })
  git(directory, 'config', 'log.showRoot', 'false')
  git(directory, 'config', 'log.diffMerges', 'off')
  await mkdir(join(directory, '.git/info'), { recursive: true })
  await writeFile(join(directory, '.git/info/grafts'), `${git(directory, 'rev-parse', 'HEAD')}\n`)
  expect((await scanHistory(directory)).problems[0]?.message).toContain(first.slice(0, 12))
})

test('key stores are told by what they are, UTF-16 is text, and a link is no file', async () => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`x ${token()}`, 'utf16le')])
  await commit({ 'cert.p12': Buffer.from([0, 1, 2]), 'u.json': utf16, 'd\nx.env': 'DB_PASSWORD=blue-horse\n' })
  await mkdir(join(directory, 'secrets'))
  await symlink('/run/secrets/db', join(directory, 'secrets/db'))
  await commit({ 'cert.p12': undefined, 'u.json': undefined, 'd\nx.env': undefined })
  await commit({ 'secrets/db': undefined })
  expect(await told()).toEqual(['key-file cert.p12:1', 'env-file d\nx.env:1', 'github-token u.json:1'])
})
