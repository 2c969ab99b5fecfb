// The payment_requests table. Our word for its column look_at is next_check_at: when to ask the provider
// next.
import { languages } from "../../domain/matching.ts"
import { paymentAnomalies, paymentProviders, paymentStatuses, resolutions } from "../../domain/payment.ts"
import { topics } from "../../domain/session/state.ts"
import {
  bigint,
  elsewhere,
  fieldsOf,
  instant,
  integer,
  namesOf,
  oneOf,
  once,
  orNull,
  table,
  text,
  uuid
} from "../platform/postgres/table.ts"

export const paymentRequests = table("payment_requests", ["id"], {
  id: once(uuid),
  customer_id: once(uuid),
  product: once(oneOf(["chat_session", "extension"])),
  extends_session_id: once(orNull(uuid)),
  status: once(oneOf(paymentStatuses)),
  tier_id: once(text),
  mode: once(oneOf(["chat", "call"])),
  duration_seconds: once(integer),
  amount_idr: once(integer),
  kind: once(oneOf(["blast", "targeted"])),
  target_mitra_id: once(orNull(uuid)),
  topic: once(oneOf(topics)),
  language: once(orNull(oneOf(languages))),
  provider: once(oneOf(paymentProviders)),
  checkout_url: once(text),
  discount_idr: once(integer),
  look_at: once(orNull(instant)),
  created_at: once(instant),
  expires_at: once(instant),
  confirmed_at: elsewhere(orNull(instant)),
  failure_cause: elsewhere(orNull(text)),
  provider_ref: elsewhere(orNull(text)),
  failed_at: elsewhere(orNull(instant)),
  anomaly: elsewhere(orNull(oneOf(paymentAnomalies))),
  anomaly_idr: elsewhere(orNull(bigint)),
  anomaly_ref: elsewhere(orNull(text)),
  anomaly_at: elsewhere(orNull(instant)),
  resolution: elsewhere(orNull(oneOf(resolutions))),
  resolution_note: elsewhere(orNull(text)),
  resolved_by: elsewhere(orNull(uuid)),
  resolved_at: elsewhere(orNull(instant))
})

/** What only staff's review reads. */
const reviewOnly = [
  "provider_ref",
  "failed_at",
  "anomaly",
  "anomaly_idr",
  "anomaly_ref",
  "anomaly_at",
  "resolution",
  "resolution_note",
  "resolved_by",
  "resolved_at"
] as const

const { look_at, ...others } = fieldsOf(paymentRequests, namesOf(paymentRequests, reviewOnly))

/** For the Struct of a payment. */
export const paymentFields = { ...others, next_check_at: look_at }
/** What staff see of it besides. */
export const reviewFields = fieldsOf(paymentRequests, reviewOnly)

/** Fields as a SELECT names them; `alias` with its dot. */
export const selectedFields = (fields: object, alias: "" | "p."): string =>
  Object.keys(fields)
    .map((name) => name === "next_check_at" ? `${alias}look_at AS next_check_at` : `${alias}${name}`)
    .join(", ")
