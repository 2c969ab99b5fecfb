// The whole catalogue, in the order in which it runs after the usual four acts. A new act is a line here.
import { accounts, reusedToken } from "./accounts.mjs"
import { runningChats } from "./chats.mjs"
import { onDuty } from "./moves.mjs"
import { pushes } from "./pushes.mjs"
import { requests } from "./requests.mjs"
import { closeDesk, openDesk } from "./settings.mjs"
import { webhooks } from "./webhooks.mjs"
import { step } from "../../timeline.mjs"

const acts = [accounts, requests, pushes, runningChats, webhooks, reusedToken]

const goHome = async (world) => {
  const [, , citra] = world.mitras
  world.mitras = world.mitras.filter((mitra) => mitra !== citra)
  await onDuty(world, [])
}

export const catalogue = async (world) => {
  try {
    await openDesk(world)
    for (const act of acts) await act(world)
    await step("everybody goes home", () => goHome(world))
  } finally {
    await closeDesk(world)
  }
}
