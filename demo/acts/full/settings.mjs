// Staff shortens what would be long waits, and puts everything back at the end, whatever happened.
import { same, say, step } from "../../timeline.mjs"

const short = {
  pairing_blast_timeout_seconds: 30,
  returning_chat_confirmation_timeout_seconds: 2,
  extension_timeout_seconds: 2,
  extension_default_action_on_timeout: "auto_approve",
  pairing_queue_enabled: true
}

export const set = async (world, key, value) => {
  const { settings } = await world.staff.call("admin.settings_write", { key, value })
  same(settings[key], value, `staff sets ${key}`)
  say("Staff", `sets ${key} to ${value}`)
}

export const openDesk = (world) =>
  step("staff opens the desk", async () => {
    await world.staff.signIn(world.adminEmail, world.adminPassword)
    const { settings } = await world.staff.call("admin.settings_read", {})
    world.settingsBefore = settings
    for (const [key, value] of Object.entries(short)) {
      if (settings[key] !== value) await set(world, key, value)
    }
  })

export const closeDesk = async (world) => {
  if (world.settingsBefore === undefined) return
  const { settings } = await world.staff.call("admin.settings_read", {})
  for (const [key, value] of Object.entries(world.settingsBefore)) {
    if (settings[key] !== value) await world.staff.call("admin.settings_write", { key, value })
  }
}
