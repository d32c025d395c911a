// Takes parcels: each is stored together with the job of sending it.
import { pool, transaction } from './database.mjs'
import { serve } from './web.mjs'

serve('shop', {
  'GET /': async () => {
    const { rows } = await pool.query('SELECT count(*)::int AS parcels FROM parcels')
    return rows[0]
  },
  'GET /parcels/ids': async () => {
    const { rows } = await pool.query('SELECT id FROM parcels')
    return { list: rows.map(({ id }) => id) }
  },
  'GET /parcels/:id': async ({ id }) => {
    const { rows } = await pool.query('SELECT id, description, weight_grams FROM parcels WHERE id = $1', [id])
    return rows[0] ?? [404, { error: 'no such parcel' }]
  },
  // The caller names the row: repeating a request whose answer was lost stores nothing twice.
  'POST /parcels': async ({ body: { id, contents, weight_grams: grams = 0 } }) => {
    await transaction(async client => {
      const sql = 'INSERT INTO parcels (id, description, weight_grams) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING'
      const { rowCount } = await client.query(sql, [id, contents, grams])
      if (rowCount === 1) await client.query('INSERT INTO jobs (parcel) VALUES ($1)', [id])
    })
    return [201, { id }]
  },
})
