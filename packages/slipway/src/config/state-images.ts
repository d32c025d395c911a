/** Whether an image is a well-known server whose data outlives releases: a database, cache, queue or object store. */
export function isStateImage(image: string): boolean {
  const path = imageName(image)
  const last = path.split('/').at(-1) ?? ''
  return stateServers.has(last) || stateServers.has(path.split('/').slice(-2).join('/'))
}

/** Without tag and digest. */
function imageName(image: string): string {
  return image
    .toLowerCase()
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '')
}

const stateServers: ReadonlySet<string> = new Set(
  `
  postgres postgresql postgis pgvector timescaledb timescaledb-ha cockroach percona supabase/postgres
  mysql mysql-server mariadb mssql/server mongo mongodb mongodb-community-server couchdb
  redis redis-stack redis-stack-server valkey keydb dragonfly memcached etcd
  minio seaweedfs garage rabbitmq nats kafka cp-kafka redpanda zookeeper pulsar activemq eclipse-mosquitto
  elasticsearch opensearch meilisearch typesense solr qdrant weaviate chroma milvus
  clickhouse clickhouse-server influxdb victoria-metrics questdb cassandra scylla neo4j
  arangodb surrealdb rethinkdb immudb eventstore
  `
    .trim()
    .split(/\s+/),
)
