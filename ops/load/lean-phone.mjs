// One of very many phones: a socket, a timer and four numbers. It signs up, then asks one thing after the
// other with a pause between; what it is told is looked at as far as it must be.
import { WebSocket } from "ws"

/** Masks of zero bytes: the frame is as valid, and costs no random numbers and no pass over the text. */
const generateMask = () => {}
const options = { perMessageDeflate: false, skipUTF8Validation: true, generateMask }
const silentAfterMs = 30_000

/** So that limits for one address do not see all of them as one: an address of its own behind a proxy. */
const addressOf = (number) => `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`

export const leanPhone = (load, number) => {
  const { figures, scenario: { phones }, url } = load
  const headers = load.has_own_addresses ? { "x-forwarded-for": addressOf(number) } : {}
  const socket = new WebSocket(url, "halobestie.v1", { ...options, headers })
  let [id, askedAt, kind, isOpen] = [0, performance.now(), "connect", false]
  const ask = (tag, payload) => {
    id += 1
    askedAt = performance.now()
    kind = tag
    socket.send(
      `{"_tag":"Request","id":"${id}","tag":"${tag}","payload":${JSON.stringify(payload)},"headers":[]}`
    )
  }
  const next = () => {
    if (load.isOver || socket.readyState !== WebSocket.OPEN) return
    // Who was not answered for so long is an error, and goes on asking.
    const [tag, payload] = phones.calls[id % phones.calls.length]
    ask(tag, payload)
  }
  const pause = () => setTimeout(next, phones.think_ms * (0.5 + Math.random()))
  const answered = (text) => {
    if (!text.startsWith(`{"_tag":"Exit"`)) return
    const { exit, requestId } = JSON.parse(text)
    if (String(requestId) !== String(id)) return
    if (exit._tag === "Success") figures.answered(kind, performance.now() - askedAt)
    else figures.failedWith(kind, exit.cause?.[0]?.error?.code ?? exit.cause?.[0]?.error?._tag ?? exit._tag)
    const token = exit.value?.access_token
    if (token !== undefined) ask("auth.authenticate", { access_token: token })
    else pause()
  }
  socket.on("open", () => {
    isOpen = true
    figures.open += 1
    figures.answered("connect", performance.now() - askedAt)
    ask("auth.sign_in_anonymous", { call_name: `load ${number}` })
  })
  socket.on("message", (bytes) => answered(bytes.toString()))
  socket.on("error", (error) => !load.isOver && !isOpen && figures.failedWith("connect", error.message))
  socket.on("close", (code) => {
    if (isOpen) figures.open -= 1
    if (!load.isOver && isOpen) figures.failedWith(kind, `the connection closed with ${code}`)
  })
  return {
    close: () => socket.terminate(),
    /** Asked long ago and not answered yet. */
    isSilent: () => isOpen && kind !== "connect" && performance.now() - askedAt > silentAfterMs
  }
}
