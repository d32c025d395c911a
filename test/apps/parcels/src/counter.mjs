import { Redis } from 'ioredis'

export const redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: 3 })
redis.on('error', error => console.error(`redis: ${error.message}`))

/** A set, so that counting a parcel twice counts it once. */
export const countSent = ids => redis.sadd('parcels:sent', ids)
export const sentParcels = () => redis.scard('parcels:sent')
