// Act one: the customer and the mitras sign in, each in their own way; the mitras go online and follow their
// events.
import { actionId, mitraPhones } from "../clients.mjs"
import { check, refused, same, say, step } from "../timeline.mjs"

const customerSignsIn = async ({ sari }) => {
  await sari.phone.connect()
  await refused(sari.phone.call("customer.pricing", {}), "NOT_SIGNED_IN", "nobody may ask before signing in")
  sari.tokens = await sari.phone.call("auth.sign_in_anonymous", { call_name: "Sari" })
  const identity = await sari.phone.authenticate(sari.tokens.access_token)
  same([identity.user_type, identity.user_id], ["customer", sari.tokens.user_id], "the connection is Sari's")
  same(identity.wire_version, 1, "the server speaks wire version 1")
  say("Sari", "is a customer, without an account; this connection is hers")
  await refused(
    sari.phone.call("mitra.heartbeat", {}),
    "FORBIDDEN",
    "a customer may not call what belongs to mitras"
  )
  say("Sari", "may not act as a mitra: FORBIDDEN")
}

/** A code may have been sent moments ago, by an earlier demo: then that one is still the one to type. */
const requestCode = async (mitra, phone) => {
  try {
    const { next_code_after_seconds } = await mitra.phone.call("auth.request_code", {
      phone,
      user_type: "mitra"
    })
    say(mitra.name, `asked for a code on ${phone}; the next one in ${next_code_after_seconds} s`)
  } catch (error) {
    if (!["OTP_COOLDOWN", "OTP_RATE_LIMIT_PHONE", "OTP_RATE_LIMIT_IP"].includes(error.code)) throw error
    say(mitra.name, `has asked for codes too recently (${error.code}); types the development code`)
  }
}

const mitraSignsIn = async (mitra, code) => {
  const phone = mitraPhones[mitra.name]
  await mitra.phone.connect()
  await requestCode(mitra, phone)
  mitra.tokens = await mitra.phone.call("auth.verify_code", { phone, user_type: "mitra", code })
  const identity = await mitra.phone.authenticate(mitra.tokens.access_token)
  same(identity.user_type, "mitra", `${mitra.name} is a mitra`)
  say(mitra.name, "is signed in by phone and code")
}

const mitraGoesOnline = async (mitra) => {
  const snapshot = await mitra.phone.subscribe()
  const status = await mitra.phone.call("mitra.go_online", { command_id: actionId() })
  check(status.is_online, `${mitra.name} is online`, status)
  const beat = await mitra.phone.call("mitra.heartbeat", {})
  check(beat.is_online, `${mitra.name}'s heartbeat keeps her online`, beat)
  same(
    beat.heartbeat_every_seconds,
    snapshot.settings.heartbeat_every_seconds,
    "the snapshot and the heartbeat agree on the cadence"
  )
  mitra.phone.keepBeating(beat.heartbeat_every_seconds)
  say(mitra.name, `is online and beats every ${beat.heartbeat_every_seconds / 2} s`)
}

export const signIn = async (world) => {
  await step("a customer opens the app", () => customerSignsIn(world))
  await step(
    "three mitras sign in",
    () => Promise.all(world.mitras.map((mitra) => mitraSignsIn(mitra, world.otpCode)))
  )
  await step("the mitras go online", () => Promise.all(world.mitras.map(mitraGoesOnline)))
}
