// Argon2id from Node's own crypto, in the usual PHC string form. At most two hashes run at once: each
// takes 19 MiB and some 30 ms of a core, and sign-in must not starve the chats.
import { argon2, timingSafeEqual } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { SecureRandom } from "effect/crypto"
import { Base64 } from "effect/encoding"
import * as Result from "effect/Result"
import { Passwords } from "../../services/accounts/passwords.ts"

// OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane.
const chosen = { memory: 19_456, passes: 2, parallelism: 1 }
const tagLength = 32
const saltLength = 16

interface Parameters {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

const derive = (password: string, nonce: Uint8Array, parameters: Parameters) =>
  Effect.callback<Uint8Array>((resume) => {
    argon2("argon2id", { message: password, nonce, tagLength, ...parameters }, (error, tag) => {
      resume(error === null ? Effect.succeed(tag) : Effect.die(error))
    })
  })

const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

const unpadded = (bytes: Uint8Array): string => Base64.encode(bytes).replace(/=+$/, "")

const bytesOf = (text: string): Uint8Array | null =>
  Result.getOrNull(Base64.decode(text.padEnd(Math.ceil(text.length / 4) * 4, "=")))

export const layer = Layer.effect(Passwords)(
  Effect.gen(function*() {
    const random = yield* SecureRandom.SecureRandom
    const places = yield* Semaphore.make(2)

    const hash = Effect.fnUntraced(function*(password: string) {
      const salt = yield* random.randomBytes(saltLength)
      const tag = yield* places.withPermit(derive(password, salt, chosen))
      const { memory, parallelism, passes } = chosen
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
    })

    const verify = Effect.fnUntraced(function*(password: string, stored: string) {
      const parts = phc.exec(stored)
      if (parts === null) return false
      const [, memory, passes, parallelism, saltText = "", tagText = ""] = parts
      const salt = bytesOf(saltText)
      const expected = bytesOf(tagText)
      if (salt === null || expected === null || expected.length !== tagLength) return false
      const tag = yield* places.withPermit(
        derive(password, salt, {
          memory: Number(memory),
          passes: Number(passes),
          parallelism: Number(parallelism)
        })
      )
      return timingSafeEqual(tag, expected)
    })

    return Passwords.of({ hash, verify })
  })
)
