// A small line of the last hour, and the number it ends in.
import { Group, Text } from "@mantine/core"
import { number } from "../format.ts"

const width = 200
const height = 38

const points = (values: ReadonlyArray<number>): string => {
  const top = Math.max(1, ...values)
  const step = width / Math.max(1, values.length - 1)
  return values.map((value, index) =>
    `${(index * step).toFixed(1)},${(height - 3 - (value / top) * (height - 8)).toFixed(1)}`
  ).join(" ")
}

export const Spark = ({ colour, label, values }: {
  values: ReadonlyArray<number>
  colour: string
  label: string
}) => {
  const shown = values.length === 1 ? [...values, ...values] : values
  const line = points(shown)
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {shown.length === 0 ? null : (
        <>
          <polygon points={`0,${height} ${line} ${width},${height}`} fill={colour} opacity="0.13" />
          <polyline
            points={line}
            fill="none"
            stroke={colour}
            strokeWidth="2"
            vectorEffect="non-scaling-stroke"
            strokeLinejoin="round"
          />
        </>
      )}
    </svg>
  )
}

export const Count = ({ colour, label, value, values }: {
  label: string
  value: number | null
  values: ReadonlyArray<number>
  colour: string
}) => (
  <section className="card" style={{ padding: "12px 16px 8px" }} aria-label={label}>
    <Group justify="space-between" align="baseline" wrap="nowrap">
      <Text size="sm" c="dimmed">{label}</Text>
      <Text fw={700} size="xl" className="tabular">{value === null ? "–" : number(value)}</Text>
    </Group>
    <Spark values={values} colour={colour} label={`${label}, ${values.length}`} />
  </section>
)
