// The rule about pushes: fed with broken histories, it must complain.
import { assert, describe, it } from "@effect/vitest"
import { pushes } from "../../../simulator/checkers/rules/pushes.ts"
import { history, startMs } from "./history.ts"
import { all, offer, push, put } from "./rows.ts"

const taken = (mitra_id: string) => put.offer(offer({ mitra_id, status: "missed", ending: "taken" }))
const won = (mitra_id: string) => put.offer(offer({ mitra_id, status: "accepted" }))

describe("pushes", () => {
  it("sees a push that waits for an offer that is over, and one that outlives its offer", () => {
    const recorded = history(pushes)
    recorded.commit(all(put.offer(offer()), put.push(push())))
    recorded.commit(all(won("ayu"), put.push(push({ status: "cancelled" }))))
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.commit(
      all(put.offer(offer({ mitra_id: "dewi" })), put.push(push({ id: "two", user_id: "dewi" })))
    )
    recorded.commit(taken("dewi"))
    recorded.commit(all(
      put.offer(offer({ mitra_id: "putri" })),
      put.push(push({ id: "three", user_id: "putri", expires_at: startMs + 61_000 }))
    ))
    assert.deepStrictEqual(recorded.complaints, [
      "a push waits for an offer that is taken",
      "the push of an offer lives longer than the offer"
    ])
  })
})

describe("pushes on their way", () => {
  const device = {
    token: "phone of dewi",
    platform: "android",
    user_type: "mitra",
    user_id: "dewi",
    auth_session_id: "sign-in",
    registered_at: startMs
  } as const

  it("may cross the end of their offer, and never come seconds after it", () => {
    const recorded = history(pushes)
    const send = () =>
      recorded.pushes.push({
        at_ms: recorded.now(),
        message: { token: device.token, data: { kind: "offer", session_id: "chat" } } as never
      })
    recorded.commit(all(
      put.offer(offer({ mitra_id: "dewi" })),
      (tables) => void tables.devices.set(device.token, device)
    ))
    send()
    recorded.commit(taken("dewi"))
    recorded.passes(1_000)
    send()
    recorded.passes(5_000)
    assert.deepStrictEqual(recorded.complaints, [])
    send()
    recorded.passes(250)
    assert.deepStrictEqual(recorded.complaints, [
      "a push for an offer was sent 6000 ms after the offer was over"
    ])
  })
})
