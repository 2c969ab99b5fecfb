// How the console writes what it shows: money, instants in the staff's zone, lengths of time as people say
// them.

const grouped = new Intl.NumberFormat("id-ID", { maximumFractionDigits: 0 })

/** `Rp 25.000`. */
export const money = (idr: number): string => `Rp ${grouped.format(idr)}`

export const number = (count: number): string => grouped.format(count)

/** Of a text that says one and many apart, `phone|phones`, the one for this count. */
export const formFor = (count: number, text: string): string => {
  const [one = "", many = one] = text.split("|")
  return count === 1 ? one : many
}

/** `1 phone`, `2 phones`. */
export const counted = (count: number, text: string): string => `${number(count)} ${formFor(count, text)}`

const formats = new Map<string, Intl.DateTimeFormat>()

const formatFor = (zone: string, withDay: boolean): Intl.DateTimeFormat => {
  const key = `${zone} ${withDay}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    ...(withDay ? { day: "2-digit", month: "short", year: "numeric" } : {})
  })
  formats.set(key, made)
  return made
}

export const timeOfDay = (ms: number, zone: string): string => formatFor(zone, false).format(ms)
export const dayAndTime = (ms: number, zone: string): string => formatFor(zone, true).format(ms)

const two = (count: number): string => String(count).padStart(2, "0")

/** `4:05`, `1:02:09`; what is over is `0:00`. */
export const countdown = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d`. */
export const lengthOf = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return ms < 10_000 ? `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s` : `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  const rest = seconds % 60
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d`
}

/** A name of the wire as people read it: its words, in lower case. */
export const words = (identifier: string): string =>
  identifier.replaceAll(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ").toLowerCase()
