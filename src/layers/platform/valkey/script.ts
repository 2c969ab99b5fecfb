// A Lua script and its digest: scripts travel by digest, and whole only after Valkey has forgotten them.
import { createHash } from "node:crypto"

export interface Script {
  readonly name: string
  readonly lua: string
  readonly sha: string
}

export const script = (name: string, lua: string): Script => ({
  name,
  lua,
  sha: createHash("sha1").update(lua).digest("hex")
})
