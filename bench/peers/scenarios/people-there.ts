// What most scenarios begin with: phones that are connected, mitras who are online, chats that run.
import type { Chat } from "../load/messages.ts"
import type { Person } from "../load/wires.ts"
import type { Size } from "../options.ts"
import { socketUrl, type World } from "../world.ts"
import { idsOf } from "./scenario.ts"

const connectsAtOnce = 50
/** With few chats everybody is in one only: a person may ask 100 times a second, over all chats. */
const chatsOfMitra = (chats: number): number => chats < 200 ? 1 : 3

/** New people of one kind, connected to one of the runners. */
export const connected = async (
  world: World,
  kind: Person["kind"],
  count: number,
  runner = 0
): Promise<ReadonlyArray<Person>> => {
  const people = await world.people(kind, count)
  await world.load.ask("connect", { people, url: socketUrl(world, runner), at_once: connectsAtOnce })
  return people
}

export const onlineMitras = async (world: World, count: number): Promise<ReadonlyArray<Person>> => {
  const mitras = await connected(world, "mitra", count)
  await world.load.ask("online", idsOf(mitras))
  return mitras
}

export interface Talking {
  readonly chats: ReadonlyArray<Chat>
  readonly customers: ReadonlyArray<Person>
  readonly mitras: ReadonlyArray<Person>
}

/** The customers on the first runner, the mitras on the last. */
export const runningChats = async (world: World, { chats: count }: Size): Promise<Talking> => {
  const customers = await connected(world, "customer", count)
  const each = chatsOfMitra(count)
  const mitras = await connected(world, "mitra", Math.ceil(count / each), world.ports.length - 1)
  const groups = mitras.map(({ id }, index) => ({
    mitra: id,
    customers: idsOf(customers.slice(index * each, (index + 1) * each))
  }))
  const chats = await world.load.ask("pair", { to: world.to, groups })
  return { chats, customers, mitras }
}
