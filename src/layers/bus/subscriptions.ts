// This process's subscribers, shared by every bus adapter: bounded queues, found by topic. Delivering
// is synchronous and never waits; a subscriber that falls behind finds one Resync instead of what it missed.
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { scopedTake } from "../../services/platform/scoped-take.ts"
import type { BusEvent, BusMessage, Subscription, Topic } from "../../services/bus/bus.ts"
import { type BusLimits, busLimits } from "./limits.ts"

interface Registration {
  /** Empty: it hears all. */
  readonly topics: ReadonlyArray<Topic>
  /** The one kind of event it wants; null for all. */
  readonly only: BusEvent["_tag"] | null
  readonly queue: Subscription & Queue.Queue<BusMessage>
  /** How many messages were ever put in, and which of them was the last Resync (-1: none yet). */
  offered: number
  resync_at: number
}

export interface Subscriptions {
  readonly subscribe: (
    topics: ReadonlyArray<Topic> | "all",
    only?: BusEvent["_tag"]
  ) => Effect.Effect<Subscription, never, Scope.Scope>
  readonly deliver: (messages: ReadonlyArray<BusMessage>) => void
  readonly resyncAll: () => void
  /** Messages that subscribers did not get because they fell behind. */
  readonly dropped: () => number
}

/** Puts a message into a subscriber's queue and calls `onArrival`; false when it is full. */
export const deliver = (queue: Subscription & Queue.Queue<BusMessage>, message: BusMessage): boolean => {
  if (!Queue.offerUnsafe(queue, message)) return false
  queue.onArrival?.()
  return true
}

export const asSubscription = (queue: Queue.Queue<BusMessage>): Subscription & Queue.Queue<BusMessage> =>
  Object.assign(queue, { onArrival: null })

export const makeSubscriptions = (limits: BusLimits = busLimits): Subscriptions => {
  const limitOf = (topics: ReadonlyArray<Topic> | "all"): number =>
    topics === "all" ? limits.subscription_of_all_messages : limits.subscription_messages
  const byTopic = new Map<Topic, Set<Registration>>()
  const ofAll = new Set<Registration>()
  const everybody = new Set<Registration>()
  let dropped = 0

  const put = (subscription: Registration, message: BusMessage): boolean => {
    if (!deliver(subscription.queue, message)) return false
    subscription.offered += 1
    return true
  }

  const clear = (subscription: Registration): void => {
    dropped += Queue.sizeUnsafe(subscription.queue)
    while (Queue.takeUnsafe(subscription.queue)?._tag === "Success");
  }

  const resync = (subscription: Registration, topic: Topic): void => {
    // One that still lies in the queue is read later than now, so it covers this moment as well.
    const taken = subscription.offered - Queue.sizeUnsafe(subscription.queue)
    if (subscription.resync_at >= taken) return
    const message: BusMessage = { topic, event: { _tag: "Resync" } }
    if (!put(subscription, message)) {
      clear(subscription)
      put(subscription, message)
    }
    subscription.resync_at = subscription.offered - 1
  }

  const deliverTo = (subscription: Registration, message: BusMessage): void => {
    const tag = message.event._tag
    if (tag === "Resync") return resync(subscription, message.topic)
    if (subscription.only !== null && subscription.only !== tag) return
    if (put(subscription, message)) return
    dropped += 1
    clear(subscription)
    resync(subscription, message.topic)
  }

  const deliverOne = (message: BusMessage): void => {
    for (const subscription of byTopic.get(message.topic) ?? []) deliverTo(subscription, message)
    for (const subscription of ofAll) deliverTo(subscription, message)
  }

  const add = (topics: ReadonlyArray<Topic> | "all", only: BusEvent["_tag"] | null) =>
    Effect.map(Queue.dropping<BusMessage>(limitOf(topics)), (queue): Registration => {
      const subscription = {
        topics: topics === "all" ? [] : [...new Set(topics)],
        only,
        queue: asSubscription(queue),
        offered: 0,
        resync_at: -1
      }
      everybody.add(subscription)
      if (topics === "all") ofAll.add(subscription)
      for (const topic of subscription.topics) {
        byTopic.set(topic, (byTopic.get(topic) ?? new Set()).add(subscription))
      }
      return subscription
    })

  const remove = (subscription: Registration) =>
    Effect.suspend(() => {
      everybody.delete(subscription)
      ofAll.delete(subscription)
      for (const topic of subscription.topics) {
        const others = byTopic.get(topic)
        others?.delete(subscription)
        if (others?.size === 0) byTopic.delete(topic)
      }
      return Queue.shutdown(subscription.queue)
    })

  return {
    subscribe: (topics, only) =>
      Effect.map(
        scopedTake(add(topics, only ?? null), remove),
        (subscription) => subscription.queue
      ),
    deliver: (messages) => messages.forEach(deliverOne),
    resyncAll: () => {
      // Whose topic it names says nothing; who hears all has no first one.
      for (const subscription of everybody) resync(subscription, subscription.topics[0] ?? "settings")
    },
    dropped: () => dropped
  }
}
