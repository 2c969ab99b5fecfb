// Who is on which open connection: found by its number and by its person, and kept in step with who is open,
// how many calls a person has in flight and whether anything is heard of them.
import * as Latch from "effect/Latch"
import { closeCodes } from "../../contract/close-codes.ts"
import type { UserType } from "../../services/accounts/sign-ins.ts"
import { add as addTo } from "../../services/operations/figures.ts"
import type { Principal } from "./connection.ts"
import type { LiveConnection } from "./live-connection.ts"

export interface Person {
  readonly user_type: UserType
  readonly user_id: string
}

export interface Silence {
  readonly person: Person
  readonly is_silent: boolean
}

const keyOf = (person: Person): string => `${person.user_type}:${person.user_id}`

/** Connections by person, kept in step with who is open. */
export const makeDirectory = (socketsMax: number, onSilence: (silence: Silence) => void) => {
  const open = new Map<number, LiveConnection>()
  const byPerson = new Map<string, Set<LiveConnection>>()
  const silent = new Set<string>()
  const empty = Latch.makeUnsafe(true)
  let nobodies = 0
  const of = (person: Person): ReadonlySet<LiveConnection> => byPerson.get(keyOf(person)) ?? new Set()
  const settleSilence = (person: Person | null): void => {
    if (person === null) return
    const key = keyOf(person)
    const staying = [...of(person)].filter(({ closing }) => closing === null)
    const is_silent = staying.length > 0 && staying.every((connection) => connection.is_silent)
    if (is_silent === silent.has(key)) return
    if (is_silent) silent.add(key)
    else silent.delete(key)
    onSilence({ person, is_silent })
  }
  return {
    open,
    empty,
    of,
    /** Connections that nobody is signed in on. */
    nobodies: (): number => nobodies,
    people: (): ReadonlyArray<Person> => [...byPerson.values()].flatMap(([first]) => first?.principal ?? []),
    settleSilence,
    add: (connection: LiveConnection): void => {
      open.set(connection.client_id, connection)
      nobodies += 1
      addTo("connections_open", 1)
      empty.closeUnsafe()
    },
    remove: (connection: LiveConnection): void => {
      if (open.delete(connection.client_id) && connection.principal === null) nobodies -= 1
      if (open.size === 0) empty.openUnsafe()
      addTo("connections_open", -1)
      connection.leaveLoad()
      if (connection.principal === null) return
      addTo("phones_connected", -1, [connection.principal.user_type])
      const key = keyOf(connection.principal)
      const rest = byPerson.get(key)
      rest?.delete(connection)
      if (rest?.size === 0) byPerson.delete(key)
      settleSilence(connection.principal)
    },
    signIn: (connection: LiveConnection, principal: Principal): void => {
      // It may have closed while its token was being checked.
      if (open.get(connection.client_id) !== connection) return
      if (connection.principal === null) {
        nobodies -= 1
        addTo("phones_connected", 1, [principal.user_type])
      }
      connection.principal = principal
      const key = keyOf(principal)
      const theirs = byPerson.get(key) ?? new Set()
      const [first] = theirs
      if (first !== undefined) {
        connection.bucket = first.bucket
        connection.joinLoadOf(first)
      }
      byPerson.set(key, theirs.add(connection))
      settleSilence(principal)
      const staying = [...theirs].filter((one) => one.closing === null)
      for (const oldest of staying.slice(0, Math.max(0, staying.length - socketsMax))) {
        oldest.close(closeCodes.tooManySockets)
      }
    }
  }
}

export type Directory = ReturnType<typeof makeDirectory>
