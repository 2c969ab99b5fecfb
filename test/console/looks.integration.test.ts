// How the console looks and reads: every page and dialog passes axe's checks, every page in both schemes and,
// in Indonesian, on a phone's width; it works by keyboard, loads little, and shows a thousand chats. All are
// photographed into .data/console for people to look at.
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import type { Locator, Page } from "playwright-core"
import { liveChats } from "../../bench/live-chats.ts"
import { indonesian } from "../../console/src/text/indonesian.ts"
import { pool } from "../../src/layers/platform/postgres/database.ts"
import { openPage } from "../support/chromium.ts"
import { commandId, customer, mitra, pay, type Person, send } from "../system/people.ts"
import { violationsOn } from "./axe.ts"
import { admin, closePages, stage, type Stage, visit } from "./console-server.ts"

const album = fileURLToPath(new URL("../../.data/console/", import.meta.url))

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

/** As long as a name may be. */
const longName = "Maria Magdalena Anastasia Putri Kusumani"

/** Chats, a queue and a failure, so that pages have something to show. */
const populated = async ({ call, server }: Stage): Promise<string> => {
  const broke = await customer(server, "Eka")
  await pay(server, broke, "chat_12")
  await call("clock.advance", { duration_ms: 61_000 })
  const besties = [await mitra(server, 1), await mitra(server, 2), await mitra(server, 3)]
  await call("admin.mitra_create", { display_name: longName, phone: "+6281100000097" })
  const sari = await customer(server, "Sari")
  const chat = await blast(server, sari, besties, call)
  for (let n = 0; n < 6; n += 1) await send(n % 3 === 0 ? besties[0]! : sari, chat, `message ${n}`)
  for (const name of ["Budi", longName]) await pay(server, await customer(server, name), "chat_12")
  await call("clock.advance", { duration_ms: 40_000 })
  return chat
}

/** The title is the page's own, and nothing is waited for any more. */
const waitFor = async (page: Page, name: string) => {
  await page.getByRole("heading", { level: 1, name }).waitFor()
  await page.locator(".mantine-Loader-root").first().waitFor({ state: "detached" })
}

/** Every page, by the name of its picture: its address, and what stands above it in both languages. */
const placesOf = async ({ call }: Stage, chat: string) => {
  const { session } = await call("admin.inspect_session", { session_id: chat })
  const { sessions } = await call("admin.live_sessions", {
    filter: "running",
    mitra_id: null,
    after: null,
    limit: 1
  })
  const { account, nav, session: one } = indonesian
  return [
    ["now", "", "Now", nav.now],
    ["session", `sessions/${chat}`, "Session", one.title],
    ["mitras", "mitras", "Mitras", nav.mitras],
    ["payments", "payments", "Payments", nav.payments],
    ["health", "health", "Health", nav.health],
    ["past", "sessions", "Past chats", nav.past],
    ["mitra", `mitras/${session.mitra_id}`, "Ayu", "Ayu"],
    ["customers", `customers/${sessions[0].customer_id}`, "Customers", nav.customers],
    ["reports", "cases", "Reports", nav.cases],
    ["push", "push", "Push", nav.push],
    ["settings", "settings", "Settings", nav.settings],
    ["staff", "staff", "Staff", nav.staff],
    ["audit", "audit", "Audit log", nav.audit],
    ["account", "account", "My account", account.title]
  ] as const
}

type Places = Awaited<ReturnType<typeof placesOf>>

/** The buttons that open a dialog, by the page they are on. */
const dialogs: Partial<Record<Places[number][0], ReadonlyArray<string>>> = {
  session: ["Reroute", "Force close"],
  mitras: ["New mitra"],
  payments: ["Ask again", "Refunded"],
  health: ["Drain"],
  mitra: ["Rename", "Languages and topics"],
  staff: ["New colleague", "Change role"],
  account: ["Change password"]
}

/** Opens it, looks at it and closes it by the keyboard. */
const violationsInDialog = async (page: Page, name: string): Promise<ReadonlyArray<string>> => {
  await page.getByRole("button", { name, exact: true }).first().click()
  const dialog = page.getByRole("dialog", { name })
  await dialog.waitFor()
  await dialog.locator(".mantine-Loader-root").first().waitFor({ state: "detached" })
  await page.screenshot({ path: `${album}dialog-${name.toLowerCase().replaceAll(" ", "-")}.png` })
  const found = await violationsOn(page, { within: "[role=dialog]" })
  await page.keyboard.press("Escape")
  await dialog.waitFor({ state: "hidden" })
  return found.map((one) => `dialog ${name}: ${one}`)
}

/** Presses Tab until the focus is on what is meant. */
const tabTo = async (page: Page, target: Locator) => {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press("Tab")
  }
  assert.fail("the keyboard does not lead there")
}

const pressed = async (page: Page, target: Locator) => {
  await target.waitFor()
  await tabTo(page, target)
  await page.keyboard.press("Enter")
}

const typed = async (page: Page, target: Locator, words: string) => {
  await tabTo(page, target)
  await page.keyboard.type(words)
}

/** Signs in, gives a chat to another mitra, and settles a failed payment. */
const byKeyboard = async ({ browser, server }: Stage) => {
  const { errors, page } = await openPage(browser, server.internalUrl)
  await typed(page, page.getByRole("textbox", { name: "Email" }), admin.email)
  await typed(page, page.locator("input[type=password]"), admin.password)
  await page.keyboard.press("Enter")

  await pressed(page, page.getByRole("row", { name: /Sari/ }).first())
  await pressed(page, page.getByRole("button", { name: "Reroute" }))
  const reroute = page.getByRole("dialog", { name: "Reroute" })
  const other = reroute.getByRole("radio").first()
  await other.waitFor()
  await tabTo(page, other)
  await page.keyboard.press("Space")
  await typed(page, reroute.getByLabel("Reason"), "by keyboard alone")
  await pressed(page, reroute.getByRole("button", { name: "Reroute" }))
  await page.getByText("(by keyboard alone)").waitFor()

  await pressed(page, page.getByRole("navigation").getByRole("link", { name: "Payments" }))
  const failed = page.getByRole("row", { name: /Eka/ })
  await pressed(page, failed.getByRole("button", { name: "Refunded" }))
  const refunded = page.getByRole("dialog", { name: "Refunded" })
  await typed(page, refunded.getByLabel("Reason"), "her bank has it")
  await pressed(page, refunded.getByRole("button", { name: "Refunded" }))
  await failed.waitFor({ state: "detached" })
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
  // And the one that was there before.
  await page.getByRole("heading", { name: `Running chats (${chats + 1})` }).waitFor()
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

const makeHouse = Effect.gen(function*() {
  mkdirSync(album, { recursive: true })
  const staged = yield* stage({ CLOCK: "simulated" })
  const pages = yield* Effect.promise(async () => placesOf(staged, await populated(staged)))
  return { staged, pages }
})

/** One full house for all that look at it. */
class House extends Context.Service<House, Effect.Success<typeof makeHouse>>()("test/console/House") {}

const looked = (story: (staged: Stage, pages: Places) => Promise<void>) => () =>
  Effect.flatMap(
    House,
    ({ pages, staged }) => Effect.ensuring(Effect.promise(() => story(staged, pages)), closePages(staged))
  )

layer(Layer.effect(House)(makeHouse), { timeout: "90 seconds", excludeTestServices: true })(
  "the console",
  (it) => {
    it.effect(
      "passes axe's checks on every page in light and dark and in its dialogs, and is photographed",
      looked(async (staged, pages) => {
        const found: Array<string> = []
        for (const colorScheme of ["light", "dark"] as const) {
          const { errors, page } = await staged.signedIn(undefined, { colorScheme })
          for (const [name, path, title] of pages) {
            await visit(page, path)
            await waitFor(page, title)
            await page.screenshot({ path: `${album}${name}-${colorScheme}.png` })
            const wrong = await violationsOn(page, { coloursOnly: colorScheme === "dark" })
            found.push(...wrong.map((one) => `${name} (${colorScheme}) ${one}`))
            if (colorScheme === "dark") continue
            for (const dialog of dialogs[name] ?? []) found.push(...await violationsInDialog(page, dialog))
          }
          found.push(...errors)
        }
        const { page } = await openPage(staged.browser, staged.server.internalUrl)
        await page.getByRole("button", { name: "Sign in" }).waitFor()
        found.push(...await violationsOn(page))
        assert.deepStrictEqual(found, [])
      }),
      240_000
    )

    it.effect(
      "fits a phone's width in the language with the longer words",
      looked(async (staged, pages) => {
        const phone = { viewport: { width: 390, height: 844 }, hasTouch: true }
        const { errors, page } = await staged.signedIn(undefined, phone)
        await page.getByRole("button", { name: admin.email }).click()
        await page.getByRole("menuitem", { name: /Bahasa Indonesia/ }).click()
        const isWithin = () => page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for (const [name, path, , title] of pages) {
          await visit(page, path)
          await waitFor(page, title)
          await page.screenshot({ path: `${album}${name}-phone.png`, fullPage: true })
          assert.isTrue(await isWithin(), name)
        }
        const { menu, nav } = indonesian
        await page.getByRole("button", { name: menu }).click()
        await page.screenshot({ path: `${album}menu-phone.png` })
        await page.getByRole("navigation").getByRole("link", { name: nav.now }).click()
        await page.getByRole("row", { name: /Sari/ }).first().waitFor()
        assert.deepStrictEqual(errors, [])
      }),
      120_000
    )

    it.effect(
      "loads little at first, and works by keyboard: a chat is rerouted and a failed payment settled",
      looked(async (staged) => {
        const loaded = await staged.browser.newPage()
        const sizes: Array<Promise<number>> = []
        loaded.on("response", (response) => {
          sizes.push(response.request().sizes().then((size) => size.responseBodySize))
        })
        await loaded.goto(staged.server.internalUrl, { waitUntil: "networkidle" })
        const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
        console.log(`the first load is ${Math.round(bytes / 1024)} KiB compressed`)
        assert.isBelow(bytes, 350 * 1024)
        await byKeyboard(staged)
      }),
      120_000
    )

    it.effect("does not stutter with a thousand chats", () =>
      Effect.gen(function*() {
        const { staged } = yield* House
        const { now } = yield* Effect.promise(() => staged.call("clock.now"))
        yield* crowd(staged.databaseUrl, now)
        yield* Effect.promise(() => scrolls(staged))
      }), 120_000)
  }
)
