import { serve } from './web.mjs'

serve('desk', { 'GET /': async () => ({ waiting: 0, sent: 0 }) }, async () => [500, { status: 'the drawer is stuck' }])
