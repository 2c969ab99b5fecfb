// The texts about payments, and about two people who change one thing, in English. The Indonesian ones are
// beside this file and have the same shape.

export const paymentEnglish = {
  failed: "Failed",
  pending: "Open",
  prices: "Prices",
  history: "Price history",
  retry: "Ask again",
  retry_what: "Everybody available is asked again on this payment.",
  refunded: "Refunded",
  refunded_what: "The money went back outside of this server. The payment is settled.",
  dismiss: "Dismiss",
  dismiss_what: "The failure is settled without giving money back.",
  none_failed: "No failure waits for a decision.",
  tier: "Tier",
  off_sale: "off sale",
  edit: "Edit",
  discount: "First session discount",
  on_sale: "on sale",
  kind: "Kind",
  percent: "percent off",
  amount: "rupiah off"
}

export const staleEnglish = {
  title: "Somebody changed this meanwhile. Here is the difference:",
  by: "Changed by",
  yours: "Yours",
  theirs: "Now",
  was: "When you opened it",
  keep_mine: "Save mine over it",
  take_theirs: "Take theirs"
}
