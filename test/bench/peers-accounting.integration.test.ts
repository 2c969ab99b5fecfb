// The bills of the bench against peers: what a process used is on its own bill, with its children, alive or
// dead, and on no other's.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { assert, describe, it } from "@effect/vitest"
import { costing, cpuMs } from "../../bench/peers/accounting.ts"

const burnt = 300
/** In ms, of this process so far: the call itself is a part of what is burnt. */
const used = () => Object.values(process.cpuUsage()).reduce((sum, us) => sum + us / 1000, 0)

/** A process whose child burns this much CPU and ends. */
const parent = `
  const { spawnSync } = require("node:child_process")
  const burn = "const used = ${used.toString()}\\nwhile (used() < ${burnt});"
  process.on("message", () => {
    spawnSync(process.execPath, ["-e", burn])
    process.send("done")
  })
  process.send("ready")
`

describe("the bill of a process", () => {
  it("holds what its children used, also after they ended, and not what others used", async () => {
    const child = spawn(process.execPath, ["-e", parent], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
    await once(child, "message")
    const accounts = { server: [child.pid ?? 0], postgres: [], valkey: [] }
    const { costs } = await costing(accounts, async () => {
      child.send("burn")
      await once(child, "message")
    })
    const ours = await costing(accounts, async () => {
      const until = used() + burnt
      while (used() < until);
    })
    const before = cpuMs([process.pid])
    child.kill()
    await once(child, "exit")
    assert.isAtLeast(costs.server_ms, burnt - 50)
    assert.strictEqual(costs.total_ms, costs.server_ms)
    assert.isBelow(ours.costs.server_ms, burnt / 2)
    assert.isAtLeast(cpuMs([process.pid]), before)
  })
})
