// The network an address belongs to, as far as limits are concerned: an IPv4 address is one, and of an IPv6
// address its first 64 bits are, because whoever has one of them has all of them.

/** `::` written out: eight groups, or null when it is no IPv6 address. */
const groupsOf = (address: string): ReadonlyArray<string> | null => {
  const [head = "", tail, ...more] = address.split("::")
  if (more.length > 0) return null
  const before = head === "" ? [] : head.split(":")
  const after = tail === undefined || tail === "" ? [] : tail.split(":")
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 0) return null
  return [...before, ...Array.from({ length: missing }, () => "0"), ...after]
}

export const networkOf = (address: string): string => {
  const [bare = ""] = address.toLowerCase().split(/[%/]/)
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)
  if (mapped !== null) return mapped[1]!
  const groups = bare.includes(":") ? groupsOf(bare) : null
  if (groups === null) return bare
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`
}
