// What no engine here can run (Docker, Kubernetes, GitHub) is held to its shape and to what the server really
// reads: variables that exist, ports that stay private, time to drain, scripts that are there.
import { existsSync, readdirSync, statSync } from "node:fs"
import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { parse, parseAllDocuments } from "yaml"
import * as Result from "effect/Result"
import { readConfig, variables } from "../../src/config/server-config.ts"
import { read, root } from "./prometheus.ts"

const known: ReadonlySet<string> = new Set([
  "NODE_ENV",
  ...Object.values(variables).flatMap(({ name, secret }) => secret ? [name, `${name}_FILE`] : [name])
])
const strangersIn = (names: ReadonlyArray<string>) => names.filter((name) => !known.has(name))
const drainSeconds = variables.drain_timeout_seconds.development
/** What an operator puts where the files have a secret. */
const secrets: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://halobestie:pw@postgres/halobestie",
  VALKEY_URL: "redis://:pw@valkey:6379",
  AUTH_JWT_SECRET: "jwt-hunter2-0123456789-0123456789-0123456789",
  PAYMENT_WEBHOOK_TOKEN: "webhook-hunter2-0123456789",
  ADMIN_EMAIL: "ops@halobestie.example",
  ADMIN_PASSWORD: "admin-hunter2-0123",
  MESSAGE_ENCRYPTION_KEYS: `k1:${Buffer.from("k".repeat(16) + "0123456789abcdef").toString("base64")}`,
  RUNNER_SECRET: "runner-hunter2-0123456789-0123456789"
}

/** Why a server would not start on what a file gives; "" when it would. */
const problemOf = (given: Readonly<Record<string, string>>): string => {
  const names = Object.entries(given).map(([name, value]) => [name.replace(/_FILE$/, ""), value] as const)
  // As a container on its network: others reach it.
  const environment = { RUNNER_HOST: "10.0.0.5", ...Object.fromEntries(names) }
  const filled = Object.fromEntries(
    Object.entries(environment).map((
      [name, value]
    ) => [name, secrets[name] ?? value.replace(/^\$\{.*:-(.*)}$/, "$1")])
  )
  return Result.match(readConfig(filled), { onFailure: ({ message }) => message, onSuccess: () => "" })
}

const yaml = (path: string) => parse(read(path), { merge: true })

describe("ops/compose.yaml", () => {
  const { networks, secrets, services, volumes } = yaml("ops/compose.yaml")
  const named = Object.entries<any>(services)

  it("publishes the proxy's ports, Grafana on loopback, and nothing else", () => {
    const published = named.filter(([, { ports }]) => ports !== undefined).map((
      [name, { ports }]
    ) => [name, ports])
    assert.deepStrictEqual(published, [["caddy", ["80:80", "443:443"]], ["grafana", ["127.0.0.1:3003:3000"]]])
    assert.isTrue(networks.private.internal)
  })

  it("gives the runners what they start on, and more time to stop than a drain may take", () => {
    for (const runner of ["runner1", "runner2", "migrate", "seed"]) {
      const { environment, read_only, stop_grace_period } = services[runner]
      assert.deepStrictEqual(strangersIn(Object.keys(environment)), [])
      assert.strictEqual(problemOf(environment), "")
      assert.isTrue(read_only)
      assert.isAbove(Number.parseInt(stop_grace_period), drainSeconds)
    }
  })

  it("names secrets, volumes, networks and services that are defined, and files that exist", () => {
    for (const [name, service] of named) {
      for (const secret of service.secrets ?? []) assert.property(secrets, secret, name)
      for (const network of service.networks ?? []) assert.property(networks, network, name)
      const after = Array.isArray(service.depends_on)
        ? service.depends_on
        : Object.keys(service.depends_on ?? {})
      for (const other of after) assert.property(services, other, name)
      for (const volume of service.volumes ?? []) {
        const [source] = volume.split(":")
        if (source.startsWith("./")) assert.isTrue(existsSync(`${root}/ops/${source}`), `${name}: ${source}`)
        else assert.property(volumes, source, name)
      }
    }
  })

  it("keeps Valkey's data and forbids it to forget", () => {
    const started = services.valkey.entrypoint.join(" ")
    assert.include(started, "--appendonly yes")
    assert.include(started, "--maxmemory-policy noeviction")
  })
})

describe("ops/k8s", () => {
  const documents: ReadonlyArray<any> = ["halobestie.yaml", "migrate.yaml", "secret.yaml"].flatMap((file) =>
    parseAllDocuments(read(`ops/k8s/${file}`)).map((document) => document.toJS())
  )
  const of = (kind: string) => documents.filter((document) => document.kind === kind)
  const [deployment] = of("Deployment")
  const pod = deployment.spec.template.spec
  const [server] = pod.containers

  it("has every kind that a deployment needs", () => {
    const kinds = documents.map(({ kind }) => kind)
    for (
      const kind of [
        "Job",
        "Deployment",
        "Service",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "NetworkPolicy"
      ]
    ) {
      assert.include(kinds, kind)
    }
    for (const { apiVersion, metadata } of documents) {
      assert.isAbove(apiVersion.length * metadata.name.length, 0)
    }
  })

  it("selects its own pods everywhere, by ports that the pods have", () => {
    const { labels } = deployment.spec.template.metadata
    const selectors = [
      deployment.spec.selector.matchLabels,
      ...of("Service").map(({ spec }) => spec.selector),
      ...of("PodDisruptionBudget").map(({ spec }) => spec.selector.matchLabels),
      ...of("NetworkPolicy").map(({ spec }) => spec.podSelector.matchLabels)
    ]
    for (const selector of selectors) assert.include(labels, selector)
    const ports = new Set(server.ports.map(({ name }: any) => name))
    for (const { spec } of of("Service")) {
      for (const { targetPort } of spec.ports) assert.isTrue(ports.has(targetPort))
    }
    assert.strictEqual(of("HorizontalPodAutoscaler")[0].spec.scaleTargetRef.name, deployment.metadata.name)
  })

  it("lets a pod drain: preStop and the drain fit into its grace period", () => {
    const [, milliseconds] = /(\d+)\)/.exec(server.lifecycle.preStop.exec.command.at(-1)) ?? []
    const needed = Number(milliseconds) / 1000 + drainSeconds + 5
    assert.isAtLeast(pod.terminationGracePeriodSeconds, needed)
  })

  it("asks readiness for traffic and liveness for life, never the other way round", () => {
    assert.strictEqual(server.readinessProbe.httpGet.path, "/readyz")
    assert.strictEqual(server.livenessProbe.httpGet.path, "/healthz")
  })

  it("gives what a server starts on, only variables that exist, and the pod's own address", () => {
    assert.deepStrictEqual(strangersIn(server.env.map(({ name }: any) => name)), [])
    const host = server.env.find(({ name }: any) => name === "RUNNER_HOST")
    assert.strictEqual(host.valueFrom.fieldRef.fieldPath, "status.podIP")
    const given = server.env.flatMap(({ name, value }: any) => (value === undefined ? [] : [[name, value]]))
    assert.strictEqual(problemOf({ ...Object.fromEntries(given), ...of("Secret")[0].stringData }), "")
  })

  it("opens the internal and the runner port only where they belong", () => {
    const [{ spec }] = of("NetworkPolicy")
    const from = (port: number) =>
      spec.ingress.filter((rule: any) => rule.ports.some((one: any) => one.port === port))
        .flatMap((rule: any) => rule.from)
    assert.deepStrictEqual(from(3002), [{ podSelector: { matchLabels: { app: "halobestie" } } }])
    assert.lengthOf(from(3001), 2)
    assert.notDeepInclude(from(3001), {})
    assert.strictEqual(
      spec.ingress.every((rule: any) => rule.from.length > 0 && rule.ports.length === 1),
      true
    )
  })
})

describe("the image's base", () => {
  it("is by its tag the Node that the lock file pins, and no image is pushed without its digest", () => {
    const { packages } = JSON.parse(read("package-lock.json"))
    const { version } = packages["node_modules/node"]
    assert.include(read("Dockerfile"), `ARG BASE_IMAGE=node:${version}-`)
    for (const base of ["", `node:${version}-bookworm-slim`]) {
      const environment = { ...process.env, HALOBESTIE_IMAGE: "a:b", PUSH: "1", BASE_IMAGE: base }
      const tried = spawnSync(`${root}/ops/ci/image`, { env: environment, encoding: "utf8" })
      assert.strictEqual(tried.status, 1)
      assert.include(tried.stderr, "must be a digest")
    }
  })
})

describe("the pipeline", () => {
  const { jobs } = yaml(".github/workflows/pipeline.yaml")
  const steps: ReadonlyArray<any> = Object.values<any>(jobs).flatMap((job) => job.steps)

  it("runs scripts that exist and can be run", () => {
    const scripts = steps.flatMap(({ run }) =>
      [...(run ?? "").matchAll(/ops\/ci\/[\w-]+/g)].map(([path]) => path)
    )
    assert.isAtLeast(new Set(scripts).size, 5)
    for (const script of scripts) assert.notStrictEqual(statSync(`${root}/${script}`).mode & 0o111, 0, script)
    for (const script of readdirSync(`${root}/ops/ci`).filter((name) => !name.includes("."))) {
      assert.strictEqual(spawnSync("bash", ["-n", `${root}/ops/ci/${script}`]).status, 0, script)
    }
  })

  it("has jobs that wait for jobs that exist, and production only behind the canary", () => {
    for (const { needs } of Object.values<any>(jobs)) {
      for (const one of [needs ?? []].flat()) assert.property(jobs, one)
    }
    assert.include(jobs.production.needs, "canary")
    assert.include(jobs.canary.if, "refs/tags/v")
    assert.include(jobs.staging.if, "refs/heads/main")
  })

  it("makes a canary of a tenth of the runners with the new image", () => {
    const [deployment] = parseAllDocuments(read("ops/k8s/halobestie.yaml")).map((document) => document.toJS())
    const made = spawnSync(process.execPath, [`${root}/ops/ci/canary-manifest.mjs`, "new@sha256:1"], {
      input: JSON.stringify({ ...deployment, spec: { ...deployment.spec, replicas: 20 } }),
      encoding: "utf8"
    })
    const canary = JSON.parse(made.stdout)
    assert.strictEqual(canary.spec.replicas, 2)
    assert.strictEqual(canary.spec.template.spec.containers[0].image, "new@sha256:1")
    assert.include(canary.spec.template.metadata.labels, deployment.spec.template.metadata.labels)
  })
})

describe("ops/staging.env and ops/docker.md", () => {
  it("give only variables that exist, and all that a server starts on", () => {
    const lines = read("ops/staging.env").split("\n").filter((line) => /^[A-Z]/.test(line))
    const given = Object.fromEntries(lines.map((line) => line.split("=", 2)))
    assert.isAbove(lines.length, 10)
    assert.deepStrictEqual(strangersIn(Object.keys(given)), [])
    assert.strictEqual(problemOf(given), "")
  })
})

describe("ops/terraform", () => {
  const environments = ["dev", "staging", "prod"]
  const declared = (path: string) =>
    [...read(path).matchAll(/variable "(\w+)"/g)].map(([, name = ""]) => name)

  it("has a value for every variable in every environment", () => {
    for (const environment of environments) {
      const given = [...read(`ops/terraform/environments/${environment}.tfvars`).matchAll(/^(\w+)/gm)]
        .map(([, name = ""]) => name)
      assert.sameMembers(given, declared("ops/terraform/variables.tf"), environment)
    }
  })

  it("calls modules that exist, with every variable they declare", () => {
    const calls = read("ops/terraform/main.tf").matchAll(/source\s*= "(\.\/[^"]+)"([^]*?)\n}/g)
    for (const [, path = "", body = ""] of calls) {
      const given = [...body.matchAll(/^ {2}(\w+)\s*=/gm)].map(([, name = ""]) => name)
      assert.sameMembers(given, declared(`ops/terraform/${path.slice(2)}/variables.tf`), path)
    }
  })
})
