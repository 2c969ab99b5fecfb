// What one phone is sent: the generic text, and the ids that let the app open the right screen.
import * as DateTime from "effect/DateTime"
import { collapseId, pushTexts } from "../../domain/push.ts"
import type { Device } from "../../services/accounts/accounts.ts"
import type { PushMessage } from "../../services/push/push.ts"
import type { ClaimedPush } from "../../services/push/push-outbox.ts"

export const messageFor = (push: ClaimedPush, device: Device, ttlMs: number): PushMessage => ({
  token: device.token,
  platform: device.platform,
  ...pushTexts[push.kind],
  data: {
    push_id: push.id,
    kind: push.kind,
    ...(push.session_id === null ? {} : { session_id: push.session_id }),
    expires_at: DateTime.formatIso(DateTime.makeUnsafe(push.expires_at))
  },
  ttl_ms: ttlMs,
  expires_at: push.expires_at,
  collapse_id: collapseId(push.kind, push.session_id)
})
