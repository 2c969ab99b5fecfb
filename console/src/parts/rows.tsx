// Tables: a head, rows that may be links, and only the rows that are in sight, so that a thousand do not
// stutter.
import { type ReactNode, useState } from "react"
import { counted } from "../format.ts"
import { go } from "../routes.ts"
import { useText } from "../text/catalogue.ts"
import { useSteady } from "./steady.ts"

export interface Column<A> {
  readonly head: string
  readonly cell: (row: A) => ReactNode
  readonly width?: number
  readonly isRight?: boolean
}

const rowHeight = 43
const spare = 8

interface Options<A> {
  readonly label: string
  readonly columns: ReadonlyArray<Column<A>>
  readonly rows: ReadonlyArray<A>
  readonly keyOf: (row: A) => string
  /** Where a row leads. */
  readonly linkOf?: (row: A) => ReadonlyArray<string>
  /** Of the list on the screen; longer ones scroll. */
  readonly height?: number
}

function Line<A>(
  { columns, isGone, linkOf, row }: { row: A; isGone: boolean } & Pick<Options<A>, "columns" | "linkOf">
) {
  const open = linkOf === undefined ? undefined : () => go(...linkOf(row))
  return (
    <tr
      className={`${open === undefined ? "" : "link"} ${isGone ? "gone" : ""}`}
      tabIndex={open === undefined ? undefined : 0}
      onClick={open}
      onKeyDown={open === undefined ? undefined : (event) => {
        if (event.key === "Enter" && event.target === event.currentTarget) open()
      }}
    >
      {columns.map((column) => (
        <td key={column.head} style={column.isRight === true ? { textAlign: "right" } : undefined}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
}

const Gap = ({ height }: { height: number }) =>
  height <= 0 ? null : <tr aria-hidden="true" style={{ height }} />

export function Rows<A>({ columns, height = 520, keyOf, label, linkOf, rows: current }: Options<A>) {
  const text = useText()
  const [top, setTop] = useState(0)
  const { changes, hold, isGone, release, rows } = useSteady(current, keyOf)
  const first = Math.max(0, Math.floor(top / rowHeight) - spare)
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + spare)
  return (
    <div
      className="rows-scroll"
      style={{ maxHeight: height }}
      tabIndex={0}
      role="region"
      aria-label={label}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onPointerEnter={(event) => event.pointerType === "mouse" ? hold() : undefined}
      onPointerLeave={release}
    >
      <table className="rows" aria-rowcount={rows.length}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.head}
                scope="col"
                style={{ width: column.width, textAlign: column.isRight === true ? "right" : undefined }}
              >
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap height={first * rowHeight} />
          {rows.slice(first, last).map((row) => (
            <Line
              key={keyOf(row)}
              row={row}
              isGone={isGone(row)}
              columns={columns}
              {...(linkOf === undefined ? {} : { linkOf })}
            />
          ))}
          <Gap height={(rows.length - last) * rowHeight} />
        </tbody>
      </table>
      {changes === 0 ? null : <div className="steady" role="status">{counted(changes, text.steady)}</div>}
    </div>
  )
}
