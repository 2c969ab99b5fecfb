// The workload: how clients behave, in numbers: shares are between 0 and 1, means are of exponential times.
// One record, so that a tester can set any of them on the command line:
// `--set patience_s=30 --set pays_never_share=0.5`.

export const defaultWorkload = {
  // Customers: how often they come, and what they do before they pay.
  visits_per_day: 1,
  watches_beacon_share: 0.3,
  leaves_when_nobody_share: 0.5,
  proves_phone_share: 0.15,
  sensitive_share: 0.2,
  language_share: 0.15,
  same_bestie_share: 0.35,
  browses_s: 20,
  // Paying.
  pays_never_share: 0.15,
  pays_late_share: 0.05,
  pays_within_s: 40,
  pays_late_by_min: 15,
  gives_up_paying_min: 4,
  // Waiting for a mitra.
  patience_s: 120,
  asks_again_share: 0.6,
  asks_again_max: 3,
  abandons_share: 0.5,
  looks_at_queue_every_s: 20,
  // Chatting, both sides.
  pause_s: 25,
  burst_max: 3,
  types_share: 0.6,
  words_max: 25,
  reads_share: 0.9,
  reads_within_s: 4,
  reads_history_share: 0.2,
  // The end of a chat.
  extends_share: 0.25,
  ends_early_share: 0.1,
  says_goodbye_share: 0.7,
  goodbye_within_s: 40,
  // Mitras: shifts, offers, extensions.
  shift_hours: 7,
  days_off_share: 0.1,
  heartbeat_every_s: 25,
  answers_within_s: 8,
  declines_share: 0.08,
  ignores_offer_share: 0.08,
  answers_late_share: 0.04,
  approves_extension_share: 0.75,
  ignores_extension_share: 0.15,
  answers_extension_within_s: 4,
  flips_topic_share: 0.05,
  ends_chat_share: 0.02,
  pauses_per_shift: 1,
  pause_min: 10,
  drops_out_share: 0.03,
  comes_back_online_within_s: 30,
  // Client faults, per hour of an open app.
  cuts_per_hour: 1,
  tunnels_per_hour: 0.4,
  lags_per_hour: 0.4,
  kills_per_hour: 0.3,
  naps_per_hour: 0.2,
  nap_s: 60,
  returns_within_s: 25,
  // Both sides, apart from chatting: curious deeds per hour of an open app, and shares.
  curious_per_hour: 2,
  signs_out_share: 0.02,
  shares_ids_share: 0.2,
  at_the_tick_share: 0.03,
  // At the edges of what is allowed, per hour of an open app, and of staff; a few worlds ask for it.
  edge_deeds_per_hour: 0,
  edge_errands_per_hour: 0,
  // Staff, per day.
  staff_looks_per_day: 96,
  staff_deactivates_per_day: 3,
  staff_forces_offline_per_day: 6,
  staff_reroutes_per_day: 6,
  staff_force_closes_per_day: 2,
  staff_settings_per_day: 4,
  staff_errands_per_day: 24,
  deactivated_for_min: 40
}

export type Workload = typeof defaultWorkload

const isShare = (name: string): boolean => name.endsWith("_share")

/** Throws what a person at the command line can read. */
export const workloadWith = (changes: Readonly<Record<string, string>>): Workload => {
  const workload: Workload = { ...defaultWorkload }
  for (const [name, text] of Object.entries(changes)) {
    if (!(name in defaultWorkload)) {
      throw new Error(
        `the workload has no key "${name}"; expected one of ${Object.keys(defaultWorkload).join(", ")}`
      )
    }
    const value = Number(text)
    if (text.trim() === "" || !Number.isFinite(value) || value < 0 || (isShare(name) && value > 1)) {
      const expected = isShare(name) ? "a number from 0 to 1" : "a number from 0 on"
      throw new Error(`${name} cannot be "${text}"; expected ${expected}`)
    }
    workload[name as keyof Workload] = value
  }
  return workload
}
