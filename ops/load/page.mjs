// The report: one page without scripts, latency and the server's own figures over the same seconds.

const width = 900
const height = 160

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const chart = (title, unit, seconds, valueOf) => {
  const values = seconds.map((second) => valueOf(second) ?? null)
  const known = values.filter((value) => value !== null && Number.isFinite(value))
  if (known.length === 0) return ""
  const most = Math.max(...known, 1e-9)
  const points = values.flatMap((value, index) =>
    value === null || !Number.isFinite(value)
      ? []
      : [
        `${(index * width / Math.max(1, values.length - 1)).toFixed(1)},${
          (height - height * value / most).toFixed(1)
        }`
      ]
  )
  return `<figure><figcaption>${escaped(title)}, up to ${most.toFixed(1)} ${unit}</figcaption>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<polyline fill="none" stroke="currentColor" points="${points.join(" ")}"/></svg></figure>`
}

const table = (head, rows) =>
  `<table><tr>${head.map((cell) => `<th>${escaped(cell)}`).join("")}</tr>${
    rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(String(cell))}`).join("")}</tr>`).join("")
  }</table>`

export const pageOf = (scenario, figures, metrics) => {
  const { byKind, errors, seconds } = figures
  const own = (metrics ?? "").split("\n").filter((line) =>
    /^halobestie_(phones|event_loop|calls_total|process|connections|limit)/.test(line)
  )
  return `<!doctype html><meta charset="utf-8"><title>Load</title>
<style>body{font:14px sans-serif;margin:2em}svg{border:1px solid #ccc}
td,th{text-align:left;padding:0 1em 0 0}</style>
<h1>Load</h1><h2>What phones waited</h2>
${
    chart("p95 of each second", "ms", seconds, ({ latencies }) =>
      latencies.count === 0 ? null : latencies.quantile(0.95))
  }
${
    chart("p99 of each second", "ms", seconds, ({ latencies }) =>
      latencies.count === 0 ? null : latencies.quantile(0.99))
  }
${chart("answers a second", "", seconds, ({ latencies }) => latencies.count)}
${chart("errors a second", "", seconds, (second) => second.errors)}
${chart("phones connected", "", seconds, (second) => second.open)}
<h2>The server's own figures, over the same seconds</h2>
${chart("event loop delay, p99", "ms", seconds, ({ server }) => server?.event_loop_p99_ms)}
${chart("processor", "cores", seconds, ({ server }) => server?.cores)}
${chart("memory", "MiB", seconds, ({ server }) => server?.memory_mib)}
${chart("connections", "", seconds, ({ server }) => server?.connections)}
<h2>By call</h2>${
    table(
      ["call", "answers", "p50 ms", "p95 ms", "p99 ms"],
      [...byKind].map(([kind, one]) => [
        kind,
        one.count,
        ...[0.5, 0.95, 0.99].map((share) => one.quantile(share).toFixed(1))
      ])
    )
  }
<h2>Errors</h2>${table(["what", "how often"], [...errors])}
<h2>Scenario and results</h2><pre>${
    escaped(JSON.stringify({ scenario, results: figures.results(), calls: figures.calls }, null, 2))
  }</pre>
<h2>Metrics at the end</h2><pre>${escaped(own.join("\n"))}</pre>`
}
