// Workload profiles by what they are dense in: a third of an hour of one runner, mostly without faults, where
// the oracle is exact, with settings and habits that make one part of the product happen all the time. What
// is changed in that part should be seen in one of a few seeds.
import type { WorkloadProfile } from "./workload-profiles.ts"

type Part = Partial<Omit<WorkloadProfile, "workload">> & Pick<WorkloadProfile, "workload">

const calm = ({ workload, ...world }: Part): WorkloadProfile => ({
  hours: 0.35,
  runners: 1,
  mitras: 5,
  customers: 10,
  valkey: null,
  faults: "none",
  faultRate: 1,
  ...world,
  workload: {
    visits_per_day: 250,
    shift_hours: 20,
    days_off_share: 0,
    pays_within_s: 8,
    browses_s: 3,
    ends_early_share: 0.5,
    says_goodbye_share: 0.7,
    edge_deeds_per_hour: 60,
    edge_errands_per_hour: 0,
    curious_per_hour: 20,
    at_the_tick_share: 0.2,
    signs_out_share: 0.02,
    staff_settings_per_day: 0,
    staff_errands_per_day: 0,
    staff_deactivates_per_day: 0,
    staff_reroutes_per_day: 0,
    staff_force_closes_per_day: 0,
    staff_forces_offline_per_day: 0,
    staff_looks_per_day: 1_000,
    cuts_per_hour: 0,
    tunnels_per_hour: 0,
    lags_per_hour: 0,
    kills_per_hour: 0,
    naps_per_hour: 0,
    ...workload
  }
})

export const fittingProfiles = {
  /** Requests that ask a few mitras at a time, who decline, let offers lapse, answer at the last instant. */
  "waves": calm({
    mitras: 7,
    settings: {
      pairing_wave_size: 2,
      pairing_wave_seconds: 8,
      pairing_wave_growth: 2,
      pairing_acceptance_seconds: 10,
      pairing_offers_max: 5,
      pairing_blast_timeout_seconds: 40,
      closing_grace_seconds: 60
    },
    workload: {
      declines_share: 0.4,
      ignores_offer_share: 0.4,
      answers_within_s: 4,
      same_bestie_share: 0.5,
      asks_again_share: 0.9,
      language_share: 0.3
    }
  }),
  /** All at once, and everybody says no. */
  "declines": calm({
    mitras: 3,
    settings: { closing_grace_seconds: 60, returning_chat_confirmation_timeout_seconds: 15 },
    workload: {
      declines_share: 0.8,
      ignores_offer_share: 0.1,
      answers_within_s: 4,
      same_bestie_share: 0.5,
      asks_again_share: 0.9,
      asks_again_max: 5
    }
  }),
  /** Fewer places than requests. */
  "line": calm({
    mitras: 3,
    customers: 14,
    settings: { max_customers_per_mitra: 1, pairing_blast_timeout_seconds: 120, closing_grace_seconds: 60 },
    workload: { ends_early_share: 0.9, ignores_offer_share: 0.1, patience_s: 300, looks_at_queue_every_s: 5 }
  }),
  /** Fairness: cool-downs, missed offers in a row, few open offers. */
  "fair-play": calm({
    mitras: 6,
    settings: {
      mitra_decline_cooldown_seconds: 60,
      mitra_missed_offers_pause: 2,
      mitra_parallel_offers_max: 1,
      pairing_acceptance_seconds: 15,
      closing_grace_seconds: 60
    },
    workload: {
      declines_share: 0.4,
      ignores_offer_share: 0.4,
      answers_within_s: 4,
      ends_early_share: 0.9,
      same_bestie_share: 0.5,
      edge_deeds_per_hour: 240,
      edge_errands_per_hour: 120,
      pauses_per_shift: 200,
      pause_min: 0.5
    }
  }),
  /** Time that is bought while a chat runs, and answered late, never, or by a mitra who is gone. */
  "more-time": calm({
    mitras: 4,
    settings: { closing_grace_seconds: 60, extension_timeout_seconds: 30 },
    workload: {
      extends_share: 1,
      ends_early_share: 0,
      pays_never_share: 0,
      approves_extension_share: 0.5,
      ignores_extension_share: 0.4,
      answers_extension_within_s: 4,
      kills_per_hour: 8,
      returns_within_s: 200,
      edge_deeds_per_hour: 240,
      flips_topic_share: 0.8
    }
  }),
  /** Chats that change hands, mitras who are drained, held, put out and let in again. */
  "hand-overs": calm({
    mitras: 5,
    settings: {
      reroute_propose_after_seconds: 20,
      mitra_gone_pause_seconds: 90,
      mitra_hold_seconds: 60,
      closing_grace_seconds: 60
    },
    workload: {
      ends_early_share: 0.1,
      staff_reroutes_per_day: 3_000,
      staff_deactivates_per_day: 700,
      deactivated_for_min: 0.6,
      staff_forces_offline_per_day: 700,
      staff_force_closes_per_day: 100,
      edge_errands_per_hour: 120,
      edge_deeds_per_hour: 120,
      flips_topic_share: 0.8,
      pauses_per_shift: 200,
      pause_min: 1,
      comes_back_online_within_s: 5,
      kills_per_hour: 2,
      returns_within_s: 150
    }
  }),
  /** Mitras whose apps are closed, in the background, or silent. */
  "silences": calm({
    mitras: 6,
    hours: 0.5,
    settings: {
      mitra_background_grace_seconds: 60,
      reroute_propose_after_seconds: 30,
      mitra_gone_pause_seconds: 60,
      closing_grace_seconds: 120
    },
    workload: {
      kills_per_hour: 8,
      naps_per_hour: 4,
      nap_s: 200,
      returns_within_s: 250,
      pauses_per_shift: 100,
      pause_min: 2,
      extends_share: 0.8,
      ends_early_share: 0.1
    }
  }),
  /** Orders that are paid late, given up, asked for again; prices, discounts, and what staff give back. */
  "purse": calm({
    mitras: 2,
    customers: 14,
    settings: { payment_session_timeout_minutes: 2, closing_grace_seconds: 60 },
    faults: "odd-amounts,webhooks",
    workload: {
      pays_never_share: 0.2,
      pays_late_share: 0.3,
      pays_late_by_min: 2,
      gives_up_paying_min: 1,
      proves_phone_share: 0.9,
      abandons_share: 0.7,
      declines_share: 0.5,
      edge_deeds_per_hour: 500,
      edge_errands_per_hour: 60,
      staff_errands_per_day: 3_000
    }
  }),
  /** Sign-ins, codes, tokens, and the ends of all of them. */
  "sign-ins": calm({
    workload: {
      signs_out_share: 0.5,
      proves_phone_share: 0.9,
      kills_per_hour: 3,
      curious_per_hour: 120,
      edge_deeds_per_hour: 60,
      staff_errands_per_day: 2_000
    }
  }),
  /** Staff who turn one setting after the other, to what it is at its edges. */
  "turned-settings": calm({
    mitras: 5,
    runners: 2,
    settings: { closing_grace_seconds: 60 },
    workload: {
      staff_settings_per_day: 4_000,
      staff_errands_per_day: 500,
      staff_deactivates_per_day: 300,
      deactivated_for_min: 1,
      declines_share: 0.2,
      extends_share: 0.5,
      same_bestie_share: 0.3
    }
  }),
  /** Deploy after deploy, while everybody writes and asks, and a slow database keeps calls under way. */
  "deploys": calm({
    runners: 2,
    hours: 0.25,
    mitras: 5,
    customers: 20,
    faults: "deploy,slow-postgres",
    faultRate: 80,
    settings: { closing_grace_seconds: 60 },
    workload: {
      ends_early_share: 0.1,
      curious_per_hour: 400,
      edge_deeds_per_hour: 120,
      signs_out_share: 0,
      proves_phone_share: 0
    }
  }),
  /** Pushes that are refused, tried again, and given up. */
  "pushes": calm({
    mitras: 4,
    faults: "push-down,push-odd",
    faultRate: 20,
    settings: { closing_grace_seconds: 300 },
    workload: { kills_per_hour: 10, returns_within_s: 300, ends_early_share: 0.1 }
  })
} satisfies Record<string, WorkloadProfile>
