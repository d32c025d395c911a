import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { compareIds, readLedger } from '../ledger.mjs'
import { startTraffic } from '../traffic.mjs'
import { fakeApp } from './fake-app.mjs'

test('keeps the acknowledged ids on disk, for a reader that comes later', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'traffic-'))
  const ledgerFile = join(folder, 'ledger')
  const app = await fakeApp()
  const traffic = startTraffic({
    baseUrl: app.baseUrl,
    rate: 100,
    ledgerFile,
    writes: { path: '/', makeBody: id => ({ id }) },
  })
  await pause(300)
  const { ok } = await traffic.stop()
  const ids = readLedger(ledgerFile)
  assert.equal(ids.size, ok)
  assert.deepEqual(compareIds(ids, app.rows), { acknowledged: ok, lost: 0, lostIds: [], others: 0 })
  writeFileSync(ledgerFile, 'one\ntwo\nhalf-of-an-i')
  assert.deepEqual(readLedger(ledgerFile), new Set(['one', 'two']))
  await app.close()
  rmSync(folder, { recursive: true })
})

test('says that its file could not be written', async () => {
  const app = await fakeApp()
  const traffic = startTraffic({
    baseUrl: app.baseUrl,
    rate: 50,
    ledgerFile: '/nowhere/ledger',
    writes: { path: '/', makeBody: id => ({ id }) },
  })
  await pause(100)
  await assert.rejects(traffic.stop(), /ENOENT/)
  await app.close()
})
