// What a Valkey itself gives as the reason why it does not serve: in the reply of a command, or by how its
// memory is set up. The driver's own words for what follows ("Connection is closed") hide it.

const refusal =
  /\b(WRONGPASS|NOAUTH|NOPERM|READONLY|OOM|MISCONF|MASTERDOWN|LOADING|CLUSTERDOWN|MOVED|CROSSSLOT|ERR)\b/

/** Whether these words are Valkey's own. */
export const isRefusal = (reason: string): boolean => refusal.test(reason)

/** A replica that was the primary: the address leads to another one by now. */
export const isDemoted = (reason: string): boolean => reason.startsWith("READONLY")

const field = (info: string, name: string): string | undefined =>
  info.split(/\r?\n/).find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim()

/**
 * `info`: its section about memory. Single keys that vanish leave a mirror that looks whole and answers
 * wrongly; a Valkey that is full and evicts nothing refuses, and that is noticed.
 */
export const evictionTrouble = (info: string): string | null => {
  const policy = field(info, "maxmemory_policy") ?? ""
  const bytes = Number(field(info, "maxmemory") ?? 0)
  return bytes > 0 && policy.startsWith("allkeys-")
    ? `maxmemory-policy is ${policy}: single keys of ours may vanish. Set noeviction, or a volatile policy.`
    : null
}
