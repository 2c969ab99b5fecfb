// Preloaded into a server (--import): a machine whose wall clock is wrong, or is set while the server runs,
// or whose monotonic clock, which the server runs on, is not what passed. Needs no library and no root.
const wrongBy = Number(process.env["WALL_CLOCK_MS"] ?? "0")
const atSignal = process.env["CLOCK_AT_SIGNAL"] === "true"
const uptimeWrongBy = BigInt(process.env["UPTIME_MS"] ?? "0") * 1_000_000n

let struck = !atSignal
process.on("SIGUSR2", () => struck = true)

const wall = Date.now
const uptime = process.hrtime.bigint
Date.now = () => wall() + (struck ? wrongBy : 0)
process.hrtime.bigint = () => uptime() + (struck ? uptimeWrongBy : 0n)
