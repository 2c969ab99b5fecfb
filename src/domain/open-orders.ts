// How many orders a customer may have open: each is an invoice at the provider. Those that wait to be paid
// count, and those whose invoice is being made, until their time is over: a process may die with one.

/** When each order ends by itself, by its payment's id. */
export type OrderEnds = ReadonlyMap<string, number>

export interface NewOrder {
  readonly customer_id: string
  readonly payment_id: string
  readonly open_max: number
  readonly now: number
  /** If nobody ends it. */
  readonly ends_at: number
}

export type OrderPlace =
  /** With all that are being made, this one among them. */
  | { readonly _tag: "Begun"; readonly begun: OrderEnds }
  /** The earliest time at which one of the open ones runs out. */
  | { readonly _tag: "TooMany"; readonly next_free_at: number }

/** The same payment again takes no second place. To be decided for one order of a customer at a time. */
export const placeOf = (order: NewOrder, pending: OrderEnds, begun: OrderEnds): OrderPlace => {
  const { ends_at, now, open_max, payment_id } = order
  const running = [...begun].filter(([, end]) => end > now)
  const others = new Map([...running, ...pending])
  others.delete(payment_id)
  if (others.size >= open_max) {
    return { _tag: "TooMany", next_free_at: Math.min(Number.MAX_SAFE_INTEGER, ...others.values()) }
  }
  return { _tag: "Begun", begun: new Map([...running, [payment_id, ends_at]]) }
}
