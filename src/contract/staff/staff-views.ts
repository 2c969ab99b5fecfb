// The internal listener's calls, for staff. Every call names its staff member through the token the
// connection (or the HTTP request) carries; every write is audited.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { absenceCauses, topics } from "../../domain/session/state.ts"
import { SettingsSchema } from "../../domain/settings.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, shortText } from "../fields.ts"
import { SessionView } from "../views.ts"
import { ProfileView } from "./accounts.ts"
import { SecondFactorCode } from "./own-account.ts"

const Nullable = Schema.NullOr

/** Three separate facts: an open socket, what she declared, and a phone that can be pushed to. */
export const PresenceView = Schema.Struct({
  /** Null: no socket on this runner, and the other runners could not be asked. */
  connected: Nullable(Schema.Boolean),
  declared_online: Schema.Boolean,
  push_reachable: Schema.Boolean
})

/** Staff keep her offline, until then or (null) until they lift it. */
export const HoldView = Nullable(Schema.Struct({ until: Nullable(Instant) }))

export const MitraInspection = Schema.Struct({
  mitra_id: Id,
  display_name: Schema.String,
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  is_draining: Schema.Boolean,
  ...ProfileView.fields,
  hold: HoldView,
  presence: PresenceView,
  online_since: Nullable(Instant),
  last_heartbeat_at: Nullable(Instant),
  owner_runner: Nullable(Schema.String),
  owner_epoch: Schema.Int,
  sessions: Schema.Array(Schema.Struct({ slot: Schema.Int, session_id: Id })),
  open_offers: Schema.Array(Id),
  online_log: Schema.Array(Schema.Struct({ is_online: Schema.Boolean, cause: Schema.String, at: Instant }))
})

export const LedgerView = Schema.Struct({
  purchased_ms: Schema.Int,
  is_balanced: Schema.Boolean,
  entries: Schema.Array(Schema.Struct({
    state: Schema.String,
    reason: Schema.String,
    from: Instant,
    to: Instant,
    charged_ms: Schema.Int
  })),
  open: Nullable(Schema.Struct({ state: Schema.String, reason: Schema.String, from: Instant }))
})

export const SessionInspection = Schema.Struct({
  session: SessionView,
  customer_id: Id,
  owner_runner: Nullable(Schema.String),
  owner_epoch: Schema.Int,
  deadline_at: Nullable(Instant),
  offers: Schema.Array(Schema.Struct({
    mitra_id: Id,
    mitra_name: Schema.String,
    status: Schema.String,
    ending: Nullable(Schema.String),
    wave: Schema.Int,
    sent_at: Instant,
    responded_at: Nullable(Instant),
    /** When her app showed it, if it says so. */
    seen_at: Nullable(Instant),
    /** When she accepted what was over by then. */
    late_accept_at: Nullable(Instant),
    /** So much later than the winner's accept. */
    lost_by_ms: Nullable(Schema.Int)
  })),
  ledger: LedgerView,
  /** From the pairing to the first message of a mitra; null: none has written yet. */
  first_reply_ms: Nullable(Schema.Int),
  /** Since when, and why, the mitra cannot be reached. */
  absence: Nullable(Schema.Struct({ cause: Schema.Literals(absenceCauses), since: Instant })),
  /** Whose chat it was, oldest first; `by_staff_id` gave it to her, null when she accepted it herself. */
  assignments: Schema.Array(Schema.Struct({
    mitra_id: Id,
    mitra_name: Schema.String,
    started_at: Instant,
    ended_at: Nullable(Instant),
    by_staff_id: Nullable(Id),
    reason: Nullable(Schema.String),
    /** The number of the hand-over that ended it. */
    left_seq: Nullable(Schema.Int)
  })),
  topic_changes: Schema.Array(Schema.Struct({
    seq: Schema.Int,
    at: Instant,
    topic: Schema.Literals(topics),
    by_mitra_id: Nullable(Id)
  }))
})

export const ReseedView = Schema.Struct({
  at: Instant,
  took_ms: Schema.Number,
  seeded: Schema.Int,
  removed: Schema.Int,
  drift_found: Schema.Int,
  healed: Schema.Int
})

/** Of the runner that was asked. */
export const MirrorHealth = Schema.Struct({
  state: Schema.Literals(["off", "up", "probing", "down"]),
  connected_since: Nullable(Instant),
  latency_ms: Nullable(Schema.Number),
  last_error: Nullable(Schema.String),
  last_seed: Nullable(ReseedView),
  fallbacks: Schema.Int,
  writes_lost: Schema.Int,
  drift_found: Schema.Int,
  drift_healed: Schema.Int,
  /** Compared just now: rows of Postgres against keys of Valkey. */
  drift: Nullable(Schema.Struct({ rows: Schema.Int, keys: Schema.Int, drifted: Schema.Int }))
})

const MitraChange = Schema.Struct({
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  changed: Schema.Boolean,
  is_draining: Schema.Boolean,
  /** Sessions she is still in; staff may reroute them, they are not cut. */
  running_sessions: Schema.Array(Id)
})

export const AuditEntryView = Schema.Struct({
  id: Id,
  staff_id: Id,
  action: Schema.String,
  target_type: Schema.String,
  target_id: Schema.String,
  before: Schema.Json,
  after: Schema.Json,
  peer: Schema.String,
  at: Instant
})

const SettingValue = Schema.Union([Schema.Finite, Schema.String, Schema.Boolean])

export const AdminRpcs = RpcGroup.make(
  Rpc.make("admin.sign_in", {
    payload: {
      email: shortText(200),
      password: shortText(200),
      /** Asked for with SECOND_FACTOR_REQUIRED. */
      code: Schema.optionalKey(Nullable(SecondFactorCode))
    },
    success: Schema.Struct({ staff_id: Id, access_token: Schema.String, access_expires_at: Instant }),
    error: CallError
  }),
  Rpc.make("admin.authenticate", {
    payload: { access_token: shortText(4000) },
    success: Schema.Struct({ staff_id: Id, access_expires_at: Instant, server_now: Instant }),
    error: CallError
  }),
  Rpc.make("admin.live_counts", {
    payload: {},
    success: Schema.Struct({
      online: Schema.Int,
      available: Schema.Int,
      waiting: Schema.Int,
      active: Schema.Int,
      closing: Schema.Int
    }),
    error: CallError
  }),
  Rpc.make("admin.inspect_mitra", { payload: { mitra_id: Id }, success: MitraInspection, error: CallError }),
  Rpc.make("admin.inspect_session", {
    payload: { session_id: Id },
    success: SessionInspection,
    error: CallError
  }),
  Rpc.make("admin.activate_mitra", {
    payload: { command_id: ClientId, mitra_id: Id },
    success: MitraChange,
    error: CallError
  }),
  Rpc.make("admin.deactivate_mitra", {
    payload: { command_id: ClientId, mitra_id: Id },
    success: MitraChange,
    error: CallError
  }),
  /** And held there for `mitra_hold_seconds`, or until staff lift it. */
  Rpc.make("admin.force_offline", {
    payload: { command_id: ClientId, mitra_id: Id, until_lifted: Schema.optionalKey(Schema.Boolean) },
    success: MitraChange,
    error: CallError
  }),
  Rpc.make("admin.lift_hold", {
    payload: { command_id: ClientId, mitra_id: Id },
    success: MitraChange,
    error: CallError
  }),
  /** No new offers; she finishes her chats, then she is offline and held there. */
  Rpc.make("admin.drain_mitra", {
    payload: { command_id: ClientId, mitra_id: Id },
    success: MitraChange,
    error: CallError
  }),
  Rpc.make("admin.undo_drain", {
    payload: { command_id: ClientId, mitra_id: Id },
    success: MitraChange,
    error: CallError
  }),
  Rpc.make("admin.mirror_health", { payload: {}, success: MirrorHealth, error: CallError }),
  Rpc.make("admin.reseed_mirror", { payload: {}, success: ReseedView, error: CallError }),
  Rpc.make("admin.force_close", {
    payload: { command_id: ClientId, session_id: Id, reason: shortText(200) },
    success: SessionInspection,
    error: CallError
  }),
  Rpc.make("admin.settings_read", {
    payload: {},
    success: Schema.Struct({ settings: SettingsSchema }),
    error: CallError
  }),
  Rpc.make("admin.settings_write", {
    /** `seen`: the value it was changed from; while another one is in force, it is STALE_WRITE. */
    payload: { key: shortText(80), value: Schema.Json, seen: Schema.optionalKey(SettingValue) },
    success: Schema.Struct({ settings: SettingsSchema }),
    error: CallError
  }),
  Rpc.make("admin.audit_log", {
    payload: {
      before: Nullable(Id),
      limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))
    },
    success: Schema.Struct({
      entries: Schema.Array(AuditEntryView)
    }),
    error: CallError
  })
)
