// How much may lie in the queues of a bus, in one place; simulated worlds draw it small.

export interface BusLimits {
  /** Messages one subscriber may leave lying before it is told to resync instead. */
  readonly subscription_messages: number
  /** The same for one who hears of everybody: its Resync asks about all of them. */
  readonly subscription_of_all_messages: number
  /** Messages to other runners that wait; one more is dropped, and they are told to resync. */
  readonly queue_messages: number
  /** Messages to other runners in one command. */
  readonly batch_messages: number
}

export const busLimits: BusLimits = {
  subscription_messages: 256,
  subscription_of_all_messages: 4_096,
  queue_messages: 8_192,
  batch_messages: 512
}
