// Preloaded into a runner (--import): its connections to the other runners lead through the soak's proxies,
// and SIGUSR2 sets the machine's wall clock by as many milliseconds as the file SOAK_CLOCK says.
import { readFileSync } from "node:fs"
import * as Net from "node:net"

/** SOAK_WAYS is "port:proxy,port:proxy". */
const ways = new Map(
  (process.env["SOAK_WAYS"] ?? "").split(",").map((way) => way.split(":").map(Number) as [number, number])
)

const connect = Net.Socket.prototype.connect as (...words: Array<unknown>) => Net.Socket
Net.Socket.prototype.connect = function(this: Net.Socket, ...words: Array<unknown>) {
  // Either the options, or Node's own normalized list with the options first.
  const options = (Array.isArray(words[0]) ? words[0][0] : words[0]) as { port?: number } | undefined
  const way = ways.get(Number(options?.port))
  if (options !== undefined && way !== undefined) options.port = way
  return connect.apply(this, words)
} as never

const wall = Date.now
let wrongBy = 0
Date.now = () => wall() + wrongBy
process.on("SIGUSR2", () => {
  wrongBy = Number(readFileSync(process.env["SOAK_CLOCK"] ?? "/dev/null", "utf8"))
})
