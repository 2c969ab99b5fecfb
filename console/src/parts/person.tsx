// Names that lead to who they are, and ids short enough to read, whole on hover.
import { to } from "../routes.ts"

export const ShortId = ({ id }: { id: string }) => (
  <code title={id} style={{ fontSize: 12 }}>{id.slice(-8)}</code>
)

const Link = ({ href, name }: { href: string; name: string }) => (
  <a
    className="plain"
    href={href}
    onClick={(event) => event.stopPropagation()}
  >
    {name}
  </a>
)

export const MitraLink = ({ id, name }: { id: string | null; name: string | null }) =>
  id === null ? <span>–</span> : <Link href={to("mitras", id)} name={name ?? id.slice(-8)} />

export const CustomerLink = ({ id, name }: { id: string; name: string }) => (
  <Link href={to("customers", id)} name={name} />
)

export const SessionLink = ({ id }: { id: string | null }) =>
  id === null ? <span>–</span> : <Link href={to("sessions", id)} name={id.slice(-8)} />
