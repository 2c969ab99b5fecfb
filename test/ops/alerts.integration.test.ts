// The alerts are what Prometheus takes, ask only for figures that exist, have a page each, and every one
// fires by its fault and is silent without. Run by promtool, from Debian's package prometheus.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { troubles } from "../system/seen-by-operators.ts"
import { alertNames, figuresIn, knownFigures, read, root } from "./prometheus.ts"

/** A fault as Prometheus sees it: series and their values, once a minute. */
const faults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  RunnerGone: { "up{job='halobestie'}": "1 0x30" },
  RunnerNotReady: { "halobestie_ready{instance='a'}": "1 0x30", "halobestie_draining{instance='a'}": "0x30" },
  ReadinessFlapping: { "halobestie_readiness_changes_total{instance='a',reason='postgres_down'}": "0+1x30" },
  PostgresFull: { "halobestie_infrastructure_failures_total{kind='postgres_full'}": "0+3x30" },
  PostgresReadOnly: { "halobestie_unready{reason='postgres_read_only'}": "0 1x30" },
  PostgresErrors: {
    "halobestie_infrastructure_failures_total{kind='postgres_down',instance='a'}": "0+30x30"
  },
  DeliverySlow: {
    "halobestie_event_delivery_lag_ms_bucket{le='3000',instance='a'}": "0+10x30",
    "halobestie_event_delivery_lag_ms_bucket{le='10000',instance='a'}": "0+20x30",
    "halobestie_event_delivery_lag_ms_bucket{le='+Inf',instance='a'}": "0+20x30"
  },
  OutboxDeep: { "halobestie_push_outbox_depth": "0 501x30" },
  DeadLetters: { "halobestie_push_dead_letters": "0 2x30" },
  SweepsFailing: {
    "halobestie_sweep_passes_total{sweep='payments',outcome='failed'}": "0+1x30",
    "halobestie_sweep_passes_total{sweep='payments',outcome='done'}": "0+10x30"
  },
  SweepStuck: { "halobestie_sweep_last_success_seconds{sweep='deadlines'}": "0x30" },
  SessionsOverdue: { "halobestie_overdue_sessions": "0 1x30" },
  PaidWithoutSession: { "halobestie_paid_without_session": "0 1x30" },
  DoubleWinner: { "halobestie_double_winners": "0 1x30" },
  FalseOfflines: { "halobestie_false_offlines_total": "0+1x30" },
  ProviderFailing: {
    "halobestie_provider_calls_total{provider='xendit',outcome='server_error'}": "0+1x30",
    "halobestie_provider_calls_total{provider='xendit',outcome='answered'}": "0+20x30"
  },
  WebhooksFailing: { "halobestie_webhooks_total{provider='xendit',status='503'}": "0+1x30" },
  ValkeyGone: { "halobestie_mirror_fallbacks_total": "0+9x30" },
  ReplicaUnused: { "halobestie_replica_in_use{instance='a'}": "1 0x30" },
  EventLoopLate: { "halobestie_event_loop_delay_ms{percentile='99'}": "0 400x30" },
  StaffSignInsFailing: { "halobestie_staff_events_total{event='sign_in_failed'}": "0+5x30" },
  ForgedOnTheBackNetwork: {
    "halobestie_bus_forged_payloads_total": "0+1x30",
    "halobestie_forged_staff_calls_total": "0x30"
  },
  WebhookTokensGuessed: { "halobestie_webhook_wrong_tokens_total{provider='xendit'}": "0+20x30" },
  StrangersLimited: { "halobestie_limit_refusals_total{limit='sign_ups'}": "0+500x30" },
  RefreshTokensReused: { "halobestie_security_events_total{event='refresh_reused'}": "0+5x30" },
  TokensOrCodesGuessed: { "halobestie_security_events_total{event='code_refused'}": "0+50x30" },
  CallsTryAgain: {
    "halobestie_calls_total{outcome='try_again',instance='a'}": "0+60x30",
    "halobestie_calls_total{outcome='success',instance='a'}": "0+600x30"
  }
}

/** The same series while all is well: standing still, and low. */
const well: Readonly<Record<string, string>> = {
  "up{job='halobestie'}": "1x30",
  "halobestie_ready{instance='a'}": "1x30",
  "halobestie_draining{instance='a'}": "0x30",
  "halobestie_push_outbox_depth": "20x30",
  "halobestie_double_winners": "0x30",
  "halobestie_replica_in_use{instance='a'}": "1x30",
  "halobestie_sweep_last_success_seconds{sweep='deadlines'}": "0+60x30",
  "halobestie_calls_total{outcome='success',instance='a'}": "0+600x30",
  "halobestie_event_loop_delay_ms{percentile='99'}": "15x30",
  // People mistype, and apps come with tokens that have ended.
  "halobestie_staff_events_total{event='sign_in_failed'}": "0+1x30",
  "halobestie_security_events_total{event='token_refused'}": "0+5x30",
  "halobestie_limit_refusals_total{limit='sign_ups'}": "0+20x30"
}

const firing = (name: string) => `count(ALERTS{alertname="${name}",alertstate="firing"})`

const testOf = (name: string, series: Readonly<Record<string, string>>, isFiring: boolean) => ({
  interval: "1m",
  input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
  promql_expr_test: [{
    expr: firing(name),
    eval_time: "25m",
    exp_samples: isFiring ? [{ labels: "{}", value: 1 }] : []
  }]
})

describe("the alerts", () => {
  it("fire by their fault, each of them, and not while all is well", () => {
    assert.sameMembers(Object.keys(faults), [...alertNames()])
    const file = join(mkdtempSync(join(tmpdir(), "alerts-")), "tests.yaml")
    const tests = alertNames().flatMap((name) => [
      testOf(name, faults[name] ?? {}, true),
      testOf(name, well, false)
    ])
    const rule_files = [`${root}/ops/prometheus/alerts.yaml`]
    writeFileSync(file, JSON.stringify({ rule_files, evaluation_interval: "1m", tests }))
    const run = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" })
    assert.strictEqual(run.status, 0, `${run.error ?? ""}${run.stdout}${run.stderr}`)
  })

  it("and the dashboard ask only for figures that exist", () => {
    const asked = [read("ops/prometheus/alerts.yaml"), read("ops/grafana/halobestie.json")].flatMap(figuresIn)
    assert.deepStrictEqual([...new Set(asked)].filter((name) => !knownFigures.has(name)), [])
    const { panels } = JSON.parse(read("ops/grafana/halobestie.json"))
    assert.isAbove(panels.length, 15)
  })

  it("fire on the metric that what-one-sees.md shows for their trouble", () => {
    const found = troubles()
    assert.lengthOf(found, 4)
    for (const { alerts, metrics, name } of found) {
      assert.isNotEmpty(alerts, name)
      for (const alert of alerts) {
        const asked = Object.keys(faults[alert] ?? {}).flatMap(figuresIn)
        assert.isTrue(
          metrics.flatMap(figuresIn).some((figure) => asked.includes(figure)),
          `${name}: ${alert}`
        )
      }
    }
  })

  it("name a page that exists, each of them", () => {
    const pages = [...read("ops/prometheus/alerts.yaml").matchAll(/runbook: (\S+)/g)].map(([, path = ""]) =>
      path
    )
    assert.lengthOf(pages, alertNames().length)
    for (const page of pages) assert.isTrue(existsSync(`${root}/${page}`), `${page} is missing`)
  })
})
