// The server's own figures beside ours: read each second from /metrics of its internal listener.

const shown = {
  processor: /^halobestie_process_cpu_seconds (\S+)/m,
  memory: /^halobestie_process_resident_bytes (\S+)/m,
  event_loop: /^halobestie_event_loop_delay_ms\{percentile="99"\} (\S+)/m,
  connections: /^halobestie_connections_open (\S+)/m
}

const read = (text) =>
  Object.fromEntries(
    Object.entries(shown).map(([name, pattern]) => [name, Number(pattern.exec(text)?.[1] ?? NaN)])
  )

/** Notes them in the figures' seconds until it is stopped; answers the last page as it was. */
export const watchServer = (internal, figures) => {
  if (internal === undefined) return () => null
  let [last, before, isAsking] = [null, null, false]
  const look = async () => {
    if (isAsking) return
    isAsking = true
    try {
      last = await (await fetch(`${internal}/metrics`, { signal: AbortSignal.timeout(5_000) })).text()
      const now = { ...read(last), at: performance.now() }
      const seconds = before === null ? NaN : (now.at - before.at) / 1000
      figures.second.server = {
        event_loop_p99_ms: now.event_loop,
        connections: now.connections,
        memory_mib: now.memory / 1024 ** 2,
        // Figures are sampled every 5 s at most: between two samples the processor's seconds stand still.
        cores: before === null || now.processor === before.processor
          ? null
          : (now.processor - before.processor) / seconds
      }
      if (before === null || now.processor !== before.processor) before = now
    } catch {
      // A server that does not answer its metrics is seen in the phones' figures.
    } finally {
      isAsking = false
    }
  }
  const every = setInterval(look, 1_000)
  return () => {
    clearInterval(every)
    return last
  }
}
