import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { layer } from "./src/layers/postgres/client.ts"
import { migrate } from "./src/layers/postgres/migrations.ts"
const url = "postgres://postgres@127.0.0.1:54329/"
const P = (db: string) => layer({ url: Redacted.make(url + db), application: "t", connections_max: 2 })
await Effect.gen(function*() { const sql = yield* SqlClient.SqlClient; yield* sql`DROP DATABASE IF EXISTS accounts_explain`; yield* sql`CREATE DATABASE accounts_explain` }).pipe(Effect.provide(P("postgres")), Effect.runPromise)
await Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* migrate
  yield* sql.unsafe(`INSERT INTO pricing_tiers VALUES ('t','t','chat',60,1,true,1,now())`)
  yield* sql.unsafe(`INSERT INTO customers SELECT gen_random_uuid(),'a',null,null,now() FROM generate_series(1,20000)`)
  yield* sql.unsafe(`INSERT INTO payment_requests (id,customer_id,status,tier_id,mode,duration_seconds,amount_idr,kind,topic,checkout_url,created_at,expires_at,confirmed_at)
    SELECT gen_random_uuid(), c.id, CASE WHEN n=1 THEN 'confirmed' ELSE 'consumed' END,'t','chat',60,1,'blast','regular','',now(),now()+interval '1h',now() FROM customers c, generate_series(1,10) n`)
  yield* sql.unsafe(`INSERT INTO chat_sessions (id,customer_id,payment_id,amount_idr,kind,mode,topic,status,requested_at,search_ends_at,ended_at,ended_by,ledger)
    SELECT gen_random_uuid(), customer_id, id,1,'blast','chat','regular','expired',now(),now()+interval '1h',now(),'clock','{}' FROM payment_requests WHERE random() < 0.999`)
  yield* sql.unsafe(`INSERT INTO auth_sessions SELECT gen_random_uuid(), ('018f0000-0000-7000-8000-'||lpad((n/500)::text,12,'0'))::uuid,'mitra','018f0000-0000-7000-8000-000000000001',n::text,now(),now()+interval '1h' FROM generate_series(1,100000) n`)
  yield* sql.unsafe(`VACUUM ANALYZE`)
  for (const q of [`SELECT id FROM payment_requests WHERE status = 'confirmed' AND NOT EXISTS (SELECT 1 FROM chat_sessions WHERE chat_sessions.payment_id = payment_requests.id) ORDER BY coalesce(failed_at, confirmed_at), id LIMIT 100`,
   `SELECT EXISTS (SELECT 1 FROM auth_sessions WHERE family_id = '018f0000-0000-7000-8000-000000000007') AND NOT EXISTS (SELECT 1 FROM auth_sessions WHERE family_id = '018f0000-0000-7000-8000-000000000007' AND revoked_at IS NOT NULL)`]) {
    for (const r of yield* sql.unsafe<any>(`EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) ` + q)) console.log(Object.values(r)[0])
    console.log()
  }
}).pipe(Effect.provide(P("accounts_explain")), Effect.runPromise)
await Effect.gen(function*() { const sql = yield* SqlClient.SqlClient; yield* sql`DROP DATABASE accounts_explain WITH (FORCE)` }).pipe(Effect.provide(P("postgres")), Effect.runPromise)
