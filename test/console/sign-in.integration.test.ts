// Signing in to the console in a real browser: what is told when it fails, what each role is shown, and what
// stays on the page when the sign-in runs out.
import { assert, describe } from "@effect/vitest"
import { TOTP } from "otpauth"
import type { Locator, Page } from "playwright-core"
import { openPage } from "../support/chromium.ts"
import { adminCall, post } from "../system/staff.ts"
import { admin, played, onOneServer, signIn, visit } from "./console-server.ts"

const colleagueNamed = (name: string) => ({
  email: `${name}@halobestie.local`,
  password: "a-long-password"
})

/** The calls a page makes, counted; `until` waits for so many. */
const callsOf = (page: Page) => {
  const made: Array<string> = []
  let heard = () => {}
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      made.push(String(payload))
      heard()
    })
  })
  const times = (tag: string) => made.filter((frame) => frame.includes(`"${tag}"`)).length
  return {
    until: async (tag: string, count: number) => {
      while (times(tag) < count) {
        await new Promise<void>((resolve) => {
          heard = resolve
        })
      }
    }
  }
}

/** What an authenticator app shows for the secret that the page shows. */
const codeOf = (secret: string, now: string) =>
  new TOTP({ secret: secret.replaceAll(" ", ""), algorithm: "SHA1", digits: 6, period: 30 })
    .generate({ timestamp: Date.parse(now) })

/** A busy server, after an hour has passed at once for instance, asks to try again, and a person does. */
const pressUntilIn = async (again: Locator) => {
  const isOver = () => again.waitFor({ state: "hidden", timeout: 15_000 }).then(() => true, () => false)
  for (let press = 1; press <= 3; press += 1) {
    await again.getByRole("button", { name: "Sign in" }).click()
    if (await isOver()) break
    const told = await again.innerText()
    assert.include(told, "TRY_AGAIN", told)
  }
  assert.isFalse(await again.isVisible())
}

onOneServer({ CLOCK: "simulated" })("staff in the browser", (it) => {
  describe("signing in", () => {
    it.effect(
      "is refused in plain words, locked out with the time it lasts, and over after signing out",
      played(async ({ browser, call, server, signedIn }) => {
        const colleague = colleagueNamed("forgetful")
        await call("admin.staff_create", { ...colleague, role: "viewer" })
        const { errors, page } = await openPage(browser, server.internalUrl)
        for (let attempt = 0; attempt < 5; attempt += 1) {
          await signIn(page, { ...colleague, password: "wrong" })
          await page.getByText("CREDENTIALS_INVALID").waitFor()
        }
        await signIn(page, colleague)
        await page.getByText(/This account is locked .* Try again in 1[45] min/).waitFor()
        const mine = await signedIn(admin)
        await mine.page.getByRole("button", { name: admin.email }).click()
        await mine.page.getByRole("menuitem", { name: "Sign out" }).click()
        await mine.page.getByRole("button", { name: "Sign in" }).waitFor()
        await visit(mine.page, "settings")
        assert.strictEqual(await mine.page.getByRole("heading", { name: "Settings" }).count(), 0)
        assert.deepStrictEqual([...errors, ...mine.errors], [])
      }),
      90_000
    )
  })

  describe("one's own account", () => {
    it.effect(
      "gets a second factor that signing in asks for, another password, and a sign-out that ends the token",
      played(async ({ browser, call, server }) => {
        const colleague = colleagueNamed("careful")
        await call("admin.staff_create", { ...colleague, role: "viewer" })
        const { errors, page } = await openPage(browser, server.internalUrl)
        await signIn(page, colleague)
        await page.getByRole("button", { name: colleague.email }).click()
        await page.getByRole("menuitem", { name: "My account" }).click()
        await page.getByRole("button", { name: "Turn on" }).click()
        await page.getByRole("img", { name: "The secret as a picture to scan" }).waitFor()
        const secret = await page.getByRole("link", { name: /^[A-Z2-7 ]{30,}$/ }).innerText()
        await page.getByLabel("Code of your authenticator app").fill(
          codeOf(secret, (await call("clock.now")).now)
        )
        await page.getByRole("button", { name: "Go on" }).click()
        const [recovery = ""] = (await page.locator("code, pre").first().innerText()).split("\n")
        await page.getByRole("button", { name: "I have kept them" }).click()
        await page.getByText("On. Recovery codes left: 10").waitFor()

        await page.getByRole("button", { name: "Change password" }).click()
        const dialog = page.getByRole("dialog", { name: "Change password" })
        await dialog.getByLabel("Current password").fill(colleague.password)
        await dialog.getByLabel("New password").fill("another-long-password")
        await dialog.getByRole("button", { name: "Change password" }).click()
        const again = page.getByRole("dialog", { name: "Sign in again" })
        await again.locator("input[type=password]").fill("another-long-password")
        await again.getByRole("button", { name: "Sign in" }).click()
        await again.getByLabel("Code of your authenticator app").fill(recovery)
        await pressUntilIn(again)

        await page.getByRole("button", { name: colleague.email }).click()
        await page.getByRole("menuitem", { name: "Sign out" }).click()
        await page.getByRole("button", { name: "Sign in" }).waitFor()
        const { entries } = await call("admin.audit_log", { before: null, limit: 20 })
        assert.includeMembers(entries.map(({ action }: { action: string }) => action), [
          "staff.second_factor_on",
          "staff.password_change",
          "staff.sign_in"
        ])
        assert.deepStrictEqual(errors, [])
      }),
      90_000
    )

    it.effect(
      "is asked for once more before a heavy call, which then goes on",
      played(async ({ call, signedIn }) => {
        const colleague = colleagueNamed("new")
        const { errors, page } = await signedIn()
        await call("clock.advance", { duration_ms: 301_000 })
        await visit(page, "staff")
        await page.getByRole("button", { name: "New colleague" }).click()
        const dialog = page.getByRole("dialog", { name: "New colleague" })
        await dialog.getByLabel("Email").fill(colleague.email)
        await dialog.locator("input[type=password]").fill(colleague.password)
        await dialog.getByRole("button", { name: "New colleague" }).click()
        const asked = page.getByRole("dialog", { name: "Is it you?" })
        await asked.locator("input[type=password]").fill("wrong")
        await asked.getByRole("button", { name: "Go on" }).click()
        await asked.getByText("CREDENTIALS_INVALID").waitFor()
        await asked.locator("input[type=password]").fill(admin.password)
        await asked.getByRole("button", { name: "Go on" }).click()
        await dialog.waitFor({ state: "hidden" })
        await page.getByText(colleague.email).waitFor()
        assert.deepStrictEqual(errors, [])
      }),
      90_000
    )
  })

  describe("a role", () => {
    it.effect(
      "is shown what it may do, and refused the rest by the server all the same",
      played(async ({ call, server, signedIn }) => {
        const shown = async (role: "admin" | "operator" | "viewer") => {
          const account = role === "admin" ? admin : colleagueNamed(role)
          if (role !== "admin") await call("admin.staff_create", { ...account, role })
          const { page } = await signedIn(account)
          const places = await page.getByRole("navigation").getByRole("link").allInnerTexts()
          await visit(page, "mitras")
          await page.getByText("Ayu").waitFor()
          const mayCreate = await page.getByRole("button", { name: "New mitra" }).count()
          await visit(page, "settings")
          await page.getByRole("heading", { name: "Settings" }).waitFor()
          const mayWrite = await page.getByLabel("push paused").isEnabled()
          return { places: places.map((place) => place.trim()), mayCreate: mayCreate > 0, mayWrite }
        }
        const people = ["Now", "Mitras", "Customers", "Past chats"]
        const work = ["Payments", "Push", "Settings"]
        const rest = ["Audit log", "Health"]
        const all = [...people, "Reports", ...work, "Staff", ...rest]
        const most = [...people, "Reports", ...work, ...rest]
        const some = [...people, ...work, ...rest]
        assert.deepStrictEqual(await shown("admin"), { places: all, mayCreate: true, mayWrite: true })
        assert.deepStrictEqual(await shown("operator"), { places: most, mayCreate: true, mayWrite: true })
        assert.deepStrictEqual(await shown("viewer"), { places: some, mayCreate: false, mayWrite: false })
        const { access_token } = await adminCall(server, null, "admin.sign_in", colleagueNamed("viewer"))
        const { body } = await post(server.internalUrl, access_token, "admin.mitra_create", {
          display_name: "Dara",
          phone: "+6281100000099"
        })
        assert.strictEqual(body[0].exit.cause[0].error.code, "FORBIDDEN")
      }),
      90_000
    )
  })

  describe("the page", () => {
    it.effect(
      "shows a mitra's name that is HTML as the text it is",
      played(async ({ call, signedIn }) => {
        const display_name = "<img src=x onerror=alert(1)>"
        await call("admin.mitra_create", { display_name, phone: "+6281100000098" })
        const { errors, page } = await signedIn()
        await visit(page, "mitras")
        await page.getByText(display_name, { exact: true }).click()
        await page.getByRole("heading", { name: display_name }).waitFor()
        assert.strictEqual(await page.locator("img[src=x]").count(), 0)
        assert.deepStrictEqual(errors, [])
      }),
      90_000
    )
  })

  describe("a sign-in", () => {
    it.effect(
      "is prolonged while the page is open; once run out it is asked for again, and what was typed stays",
      played(async ({ browser, call, server }) => {
        const { errors, page } = await openPage(browser, server.internalUrl)
        const calls = callsOf(page)
        const advance = (duration_ms: number) => call("clock.advance", { duration_ms })
        await signIn(page, admin)
        for (const hour of [1, 2]) {
          await page.getByText("live", { exact: true }).waitFor()
          await advance(25 * 60_000)
          await advance(25 * 60_000)
          await calls.until("admin.prolong", hour)
          await calls.until("admin.authenticate", hour + 1)
        }
        await visit(page, "mitras")
        await page.getByText("Ayu").waitFor()
        await page.getByRole("button", { name: "New mitra" }).click()
        const dialog = page.getByRole("dialog", { name: "New mitra" })
        await dialog.getByLabel("Name").fill("Dara")
        const again = page.getByRole("dialog", { name: "Sign in again" })
        const isAsked = () => again.waitFor({ timeout: 3_000 }).then(() => true, () => false)
        // A page that sees the way there, or where a busy machine cut it short, prolongs on it.
        do await advance(3_600_001).catch(() => null)
        while (!await isAsked())
        await again.locator("input[type=password]").fill(admin.password)
        await pressUntilIn(again)
        assert.strictEqual(await dialog.getByLabel("Name").inputValue(), "Dara")
        assert.deepStrictEqual(errors, [])
      }),
      150_000
    )
  })
})
