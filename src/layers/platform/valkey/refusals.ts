// What a Valkey itself gives as the reason why it does not serve. The driver's own words for what follows
// ("Connection is closed") hide it.

const refusal =
  /\b(WRONGPASS|NOAUTH|NOPERM|READONLY|OOM|MISCONF|MASTERDOWN|LOADING|CLUSTERDOWN|MOVED|CROSSSLOT|ERR)\b/

/** Whether these words are Valkey's own. */
export const isRefusal = (reason: string): boolean => refusal.test(reason)

/** A replica that was the primary: the address leads to another one by now. */
export const isDemoted = (reason: string): boolean => reason.startsWith("READONLY")
