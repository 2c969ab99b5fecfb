// Faults of Valkey. None of them may change an answer or take a mitra offline.
import { type FaultKind, minutes } from "./fault.ts"
import { oneOf } from "./runners.ts"

export const valkeyGone: FaultKind = {
  name: "valkey-gone",
  says: "Valkey is not there; when it comes back it may have forgotten everything",
  every_ms: minutes(25),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { channels, valkey } = run.world.stores
    if (valkey === null) return null
    const empty = prng.chance(0.5)
    valkey.goDown()
    channels[0]?.disconnect()
    return {
      text: empty ? "Valkey is gone, and will be empty" : "Valkey is gone",
      lasts_ms: prng.between(200, 60_000),
      undo: () => valkey.comeUp({ empty })
    }
  }
}

export const valkeyWiped: FaultKind = {
  name: "valkey-empty",
  says: "Valkey forgets everything while it is used",
  every_ms: minutes(30),
  shakesTheCluster: false,
  strike: ({ run }) => {
    const { valkey } = run.world.stores
    if (valkey === null) return null
    valkey.wipe()
    return { text: "Valkey was wiped", lasts_ms: 0, undo: () => {} }
  }
}

export const valkeyStalled: FaultKind = {
  name: "valkey-stall",
  says: "Valkey stands still, then does all that was asked meanwhile",
  every_ms: minutes(30),
  shakesTheCluster: false,
  strike: ({ run }, prng) => {
    const { valkey } = run.world.stores
    if (valkey === null) return null
    const { process } = valkey.store
    process.freeze()
    return { text: "Valkey stands still", lasts_ms: prng.between(100, 20_000), undo: () => process.wake() }
  }
}

export const valkeyCut: FaultKind = {
  name: "valkey-cut",
  says: "one runner cannot reach Valkey, the others can",
  every_ms: minutes(20),
  shakesTheCluster: true,
  strike: (context, prng) => {
    const { channels, valkey } = context.run.world.stores
    const runner = oneOf(context, prng)
    if (valkey === null || runner === null) return null
    const { name, process } = runner
    valkey.store.cutOff(process)
    channels[0]?.disconnect(process)
    return {
      text: `${name} is cut off from Valkey`,
      runner: name,
      // Long enough for a whole silence to pass, and a sweep.
      lasts_ms: prng.between(500, 150_000),
      undo: () => valkey.store.reconnect(process)
    }
  }
}
