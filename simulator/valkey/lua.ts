// Runs our real Lua scripts (layers/availability/mirror/*-scripts.ts) against the simulated Valkey, with its
// rules for what numbers, missing values and tables become on the way in and out.
// @ts-expect-error The package has no types.
import fengari from "fengari"
import type { Script } from "../../src/layers/platform/valkey/script.ts"
import type { Reply, ValkeyEngine } from "./engine.ts"

const { lauxlib, lua, lualib, to_jsstring, to_luastring } = fengari

/** Lua 5.1 names that Valkey's scripts may use and Lua 5.3 has renamed; and no fraction on whole numbers. */
const prelude = `
unpack = table.unpack
redis = { call = function(...)
  local args = {...}
  for i = 1, #args do
    args[i] = tostring(math.tointeger(args[i]) or args[i])
  end
  return valkey_call(args)
end }
`

type State = unknown

const push = (L: State, reply: Reply): void => {
  if (reply === null) return lua.lua_pushboolean(L, false)
  // Fengari's integers have 32 bits.
  if (typeof reply === "number") {
    return reply === (reply | 0) ? lua.lua_pushinteger(L, reply) : lua.lua_pushnumber(L, reply)
  }
  if (typeof reply === "string") return lua.lua_pushstring(L, to_luastring(reply))
  lua.lua_createtable(L, reply.length, 0)
  reply.forEach((item, index) => {
    push(L, item)
    lua.lua_rawseti(L, -2, index + 1)
  })
}

/** The value on top of the stack; takes it off. */
const pop = (L: State): Reply => {
  const value = read(L)
  lua.lua_pop(L, 1)
  return value
}

const read = (L: State): Reply => {
  switch (lua.lua_type(L, -1)) {
    case lua.LUA_TSTRING:
      return to_jsstring(lua.lua_tostring(L, -1))
    case lua.LUA_TNUMBER:
      // Valkey cuts the fraction off.
      return Math.trunc(lua.lua_tonumber(L, -1))
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(L, -1) ? 1 : null
    case lua.LUA_TTABLE: {
      const items: Array<Reply> = []
      for (let index = 1;; index += 1) {
        lua.lua_rawgeti(L, -1, index)
        if (lua.lua_isnil(L, -1)) {
          lua.lua_pop(L, 1)
          return items
        }
        items.push(pop(L))
      }
    }
    default:
      return null
  }
}

export class LuaScripts {
  readonly #state: State = lauxlib.luaL_newstate()
  readonly #loaded = new Map<string, number>()

  constructor(engine: ValkeyEngine) {
    lualib.luaL_openlibs(this.#state)
    lua.lua_pushjsfunction(this.#state, (L: State) => {
      const [command = "", ...args] = read(L) as ReadonlyArray<string>
      lua.lua_settop(L, 0)
      push(L, engine.run(command, args))
      return 1
    })
    lua.lua_setglobal(this.#state, to_luastring("valkey_call"))
    if (lauxlib.luaL_dostring(this.#state, to_luastring(prelude))) throw new Error(this.#problem())
  }

  run(script: Script, args: ReadonlyArray<string>): Reply {
    const L = this.#state
    push(L, args)
    lua.lua_setglobal(L, to_luastring("ARGV"))
    lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, this.#load(script))
    if (lua.lua_pcall(L, 0, 1, 0) !== lua.LUA_OK) throw new Error(`${script.name}: ${this.#problem()}`)
    return pop(L)
  }

  #load(script: Script): number {
    const known = this.#loaded.get(script.sha)
    if (known !== undefined) return known
    if (lauxlib.luaL_loadstring(this.#state, to_luastring(script.lua)) !== lua.LUA_OK) {
      throw new Error(`${script.name}: ${this.#problem()}`)
    }
    const loaded: number = lauxlib.luaL_ref(this.#state, lua.LUA_REGISTRYINDEX)
    this.#loaded.set(script.sha, loaded)
    return loaded
  }

  #problem(): string {
    return to_jsstring(lua.lua_tostring(this.#state, -1))
  }
}
