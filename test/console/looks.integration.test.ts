// How the console looks and reads: every page passes axe's checks in both schemes and on a phone's width,
// works by keyboard, loads little, and shows a thousand chats. All are photographed into .data/console for
// people to look at.
import { mkdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import type { Locator, Page } from "playwright-core"
import { liveChats } from "../../bench/live-chats.ts"
import { pool } from "../../src/layers/platform/postgres/database.ts"
import { openPage } from "../support/chromium.ts"
import { commandId, customer, mitra, pay, type Person, send } from "../system/people.ts"
import { admin, stage, type Stage, visit } from "./console-server.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const album = fileURLToPath(new URL("../../.data/console/", import.meta.url))

interface Violation {
  readonly id: string
  readonly nodes: ReadonlyArray<{ readonly html: string }>
}

/** All rules, or, of a page that was looked at in light, those that a colour may break. */
const violationsOn = async (page: Page, coloursOnly = false): Promise<ReadonlyArray<string>> => {
  const rules = coloursOnly ? ", runOnly: [\"color-contrast\"]" : ""
  const found = await page.evaluate(`${axe}; axe.run({ resultTypes: ["violations"]${rules} })`) as {
    readonly violations: ReadonlyArray<Violation>
    readonly passes: ReadonlyArray<Violation>
  }
  assert.isNotEmpty(found.passes.filter(({ id }) => id === "color-contrast"), "axe looked at nothing")
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join(" ")}`)
}

/** Three are asked: each has it on her screen, the first wins, the second is a moment too late. */
const blast = async (
  server: Stage["server"],
  sari: Person,
  besties: ReadonlyArray<Person>,
  call: Stage["call"]
): Promise<string> => {
  const shown = besties.map(({ phone }) => phone.event("an offer", ({ _tag }) => _tag === "offer", 10_000))
  await pay(server, sari, "chat_60")
  const [offered] = await Promise.all(shown)
  const session_id: string = offered?.event.offer.session_id
  await call("clock.advance", { duration_ms: 800 })
  for (const { phone } of besties) await phone.call("mitra.offer_seen", { session_id })
  await call("clock.advance", { duration_ms: 2_400 })
  const accept = ({ phone }: Person) => phone.call("mitra.accept", { command_id: commandId(), session_id })
  await accept(besties[0]!)
  await call("clock.advance", { duration_ms: 43 })
  await accept(besties[1]!).catch(() => null)
  return session_id
}

/** Chats, a queue and a failure, so that pages have something to show. */
const populated = async ({ call, server }: Stage): Promise<string> => {
  const broke = await customer(server, "Eka")
  await pay(server, broke, "chat_12")
  await call("clock.advance", { duration_ms: 61_000 })
  const besties = [await mitra(server, 1), await mitra(server, 2), await mitra(server, 3)]
  const sari = await customer(server, "Sari")
  const chat = await blast(server, sari, besties, call)
  for (let n = 0; n < 6; n += 1) await send(n % 3 === 0 ? besties[0]! : sari, chat, `message ${n}`)
  for (const name of ["Budi", "Nina"]) await pay(server, await customer(server, name), "chat_12")
  await call("clock.advance", { duration_ms: 40_000 })
  return chat
}

const waitFor = async (page: Page, name: string) => {
  await page.getByRole("heading", { level: 1, name }).waitFor()
  await page.locator(".mantine-Loader-root").first().waitFor({ state: "detached" })
}

/** Every page, by the name of its picture, and what stands above it. */
const placesOf = async ({ call }: Stage, chat: string) => {
  const { session } = await call("admin.inspect_session", { session_id: chat })
  const { sessions } = await call("admin.live_sessions", {
    filter: "running",
    mitra_id: null,
    after: null,
    limit: 1
  })
  return [
    ["now", "", "Now"],
    ["session", `sessions/${chat}`, "Session"],
    ["mitras", "mitras", "Mitras"],
    ["payments", "payments", "Payments"],
    ["health", "health", "Health"],
    ["past", "sessions", "Past chats"],
    ["mitra", `mitras/${session.mitra_id}`, "Ayu"],
    ["customers", `customers/${sessions[0].customer_id}`, "Customers"],
    ["reports", "cases", "Reports"],
    ["push", "push", "Push"],
    ["settings", "settings", "Settings"],
    ["staff", "staff", "Staff"],
    ["audit", "audit", "Audit log"],
    ["account", "account", "My account"]
  ] as const
}

describe("every page", () => {
  it.live("passes axe's checks in light and dark, and is photographed", () =>
    Effect.gen(function*() {
      const staged = yield* stage({ CLOCK: "simulated" })
      yield* Effect.promise(async () => {
        mkdirSync(album, { recursive: true })
        const pages = await placesOf(staged, await populated(staged))
        const found: Array<string> = []
        for (const colorScheme of ["light", "dark"] as const) {
          const { errors, page } = await staged.signedIn(undefined, { colorScheme, reducedMotion: "reduce" })
          for (const [name, path, title] of pages) {
            await visit(page, path)
            await waitFor(page, title)
            await page.screenshot({ path: `${album}${name}-${colorScheme}.png` })
            const wrong = await violationsOn(page, colorScheme === "dark")
            found.push(...wrong.map((one) => `${name} (${colorScheme}) ${one}`))
          }
          found.push(...errors)
        }
        const { page } = await openPage(staged.browser, staged.server.internalUrl)
        await page.getByRole("button", { name: "Sign in" }).waitFor()
        found.push(...await violationsOn(page))
        assert.deepStrictEqual(found, [])
      })
    }), 240_000)
})

/** Presses Tab until the focus is on what is meant. */
const tabTo = async (page: Page, target: Locator) => {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press("Tab")
  }
  assert.fail("the keyboard does not lead there")
}

const byKeyboard = async ({ browser, server }: Stage) => {
  const { errors, page } = await openPage(browser, server.internalUrl)
  await tabTo(page, page.getByRole("textbox", { name: "Email" }))
  await page.keyboard.type(admin.email)
  await tabTo(page, page.locator("input[type=password]"))
  await page.keyboard.type(admin.password)
  await page.keyboard.press("Enter")
  const row = page.getByRole("row", { name: /Sari/ }).first()
  await row.waitFor()
  await tabTo(page, row)
  await page.keyboard.press("Enter")
  const close = page.getByRole("button", { name: "Force close" })
  await close.waitFor()
  await tabTo(page, close)
  await page.keyboard.press("Enter")
  const dialog = page.getByRole("dialog", { name: "Force close" })
  await tabTo(page, dialog.getByLabel("Reason"))
  await page.keyboard.type("by keyboard alone")
  await tabTo(page, dialog.getByRole("button", { name: "Force close" }))
  await page.keyboard.press("Enter")
  await page.getByText("adds up to what was paid").waitFor()
  assert.deepStrictEqual(errors, [])
}

const chats = 1_000

/** Rows of live chats: what is looked at is the list, not the chatting. */
const crowd = (url: string, at: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => liveChats(sql, chats, at)).pipe(
    Effect.provide(pool(Redacted.make(url), { connections_max: 2 }))
  )

/** The page's own count of what kept it from drawing for longer than 50 ms. */
const longTasks = "globalThis.long = []; new PerformanceObserver((list) => long.push(...list.getEntries()" +
  ".map((one) => Math.round(one.duration)))).observe({ type: \"longtask\" })"

const scrolls = async ({ signedIn }: Stage) => {
  const { errors, page } = await signedIn()
  await page.getByRole("heading", { name: `Running chats (${chats})` }).waitFor()
  const list = page.getByRole("region", { name: "Running chats" })
  await page.evaluate(longTasks)
  for (let at = 0; at <= 20; at += 1) {
    await list.evaluate((element, part) => {
      element.scrollTop = element.scrollHeight * part
    }, at / 20)
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert.isBelow(await list.getByRole("row").count(), 60, "only what is in sight is drawn")
  }
  const long = await page.evaluate("long") as ReadonlyArray<number>
  console.log(`${chats} rows scrolled through in 20 steps: long tasks of ${long.join(", ") || "no"} ms`)
  assert.isBelow(Math.max(0, ...long), 1_000)
  await list.hover()
  const last = list.getByRole("row").last()
  assert.match(await last.innerText(), /Customer \d+/)
  assert.deepStrictEqual(errors, [])
}

describe("the console", () => {
  it.live(
    "fits a phone's width, works by keyboard, its first load is small, and a thousand chats do not stutter",
    () =>
      Effect.gen(function*() {
        const staged = yield* stage({ CLOCK: "simulated" })
        yield* Effect.promise(async () => {
          const pages = await placesOf(staged, await populated(staged))
          const phone = { viewport: { width: 390, height: 844 }, hasTouch: true }
          const { errors, page } = await staged.signedIn(undefined, phone)
          const isWithin = () => page.evaluate("document.documentElement.scrollWidth <= innerWidth")
          for (const [name, path, title] of pages) {
            await visit(page, path)
            await waitFor(page, title)
            assert.isTrue(await isWithin(), name)
          }
          await page.getByRole("button", { name: "Menu" }).click()
          await page.getByRole("navigation").getByRole("link", { name: "Now" }).click()
          await page.getByRole("row", { name: /Sari/ }).first().waitFor()
          assert.deepStrictEqual(errors, [])
          const loaded = await staged.browser.newPage()
          const sizes: Array<Promise<number>> = []
          loaded.on("response", (response) => {
            sizes.push(response.request().sizes().then((size) => size.responseBodySize))
          })
          await loaded.goto(staged.server.internalUrl, { waitUntil: "networkidle" })
          const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
          assert.isBelow(bytes, 350 * 1024, `${Math.round(bytes / 1024)} KiB`)
          await byKeyboard(staged)
        })
        const { now } = yield* Effect.promise(() => staged.call("clock.now"))
        yield* crowd(staged.databaseUrl, now)
        yield* Effect.promise(() => scrolls(staged))
      }),
    180_000
  )
})
