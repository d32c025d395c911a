// Shows how far the worker is.
import { sentParcels } from './counter.mjs'
import { pool } from './database.mjs'
import { serve } from './web.mjs'

serve('desk', {
  'GET /': async () => {
    const { rows } = await pool.query('SELECT count(*)::int AS waiting FROM jobs WHERE done_at IS NULL')
    return { ...rows[0], sent: await sentParcels() }
  },
  'GET /parcels/sent': async () => {
    const { rows } = await pool.query('SELECT parcel FROM jobs WHERE done_at IS NOT NULL')
    return { list: rows.map(({ parcel }) => parcel) }
  },
})
