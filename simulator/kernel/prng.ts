// All chance of a run comes from one seed. Streams are split by name, so that one more draw in one place
// (a client removed by shrinking, a fault switched off) does not change the draws of all others.
import * as Context from "effect/Context"
import * as Random from "effect/Random"
import { SecureRandom } from "effect/crypto"

/**
 * A stream's name is part of the seed: another name is another run. These streams keep the names that they
 * had before their owners were renamed, so that old seeds replay.
 */
export const streamNames = {
  client_faults: "mishaps",
  seed_data: "founding",
  script: "story",
  workload_profile: "ground"
} as const

/** FNV-1a over the text, then mixed: near names give far seeds. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index)
    hash = Math.imul(hash, 0x01000193)
  }
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return hash >>> 0
}

/** A pseudo-random number generator, sfc32: small, fast, and good enough for a simulation. */
export class Prng {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(name: string) {
    this.#name = name
    this.#a = hashOf(`${name}/a`)
    this.#b = hashOf(`${name}/b`)
    this.#c = hashOf(`${name}/c`)
    for (let round = 0; round < 12; round += 1) this.uint32()
  }

  /** A stream of its own, the same whatever was drawn before. */
  split(name: string | number): Prng {
    return new Prng(`${this.#name}/${name}`)
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0
    return sum >>> 0
  }

  /** At least 0, below 1. */
  fraction(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  between(low: number, high: number): number {
    return low + this.fraction() * (high - low)
  }

  /** Both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  /** Waiting times of arrivals that know nothing of each other. */
  exponential(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean
  }

  pick<A>(choices: ReadonlyArray<A>): A {
    const picked = choices[Math.floor(this.fraction() * choices.length)]
    if (picked === undefined) throw new Error("nothing to pick from")
    return picked
  }
}

/** What Effect's own Random and SecureRandom draw from in one process. */
export const randomServices = (prng: Prng): Context.Context<SecureRandom.SecureRandom> => {
  const random = {
    nextIntUnsafe: () => (prng.integer(-(2 ** 26), 2 ** 26 - 1) * 2 ** 26) + prng.integer(0, 2 ** 26 - 1),
    nextDoubleUnsafe: () => prng.fraction()
  }
  const bytes = (size: number) => {
    const drawn = new Uint8Array(size)
    for (let index = 0; index < size; index += 1) drawn[index] = prng.uint32() & 0xff
    return drawn
  }
  return Context.make(Random.Random, random).pipe(
    Context.add(SecureRandom.SecureRandom, SecureRandom.make(bytes))
  ) as Context.Context<SecureRandom.SecureRandom>
}
