// Staff: roles, and what each may do to what. One table, asked before every call of the control center;
// what is not in it is not allowed.

export const roles = ["admin", "operator", "viewer"] as const
export type Role = (typeof roles)[number]

export const resources = [
  "dashboard",
  "mitras",
  "sessions",
  "cases",
  "payments",
  "pushes",
  "settings",
  "test_numbers",
  "staff",
  "audit",
  "system"
] as const
export type Resource = (typeof resources)[number]
export type Action = "read" | "write"

export interface Permission {
  readonly resource: Resource
  readonly action: Action
}

type Allowed = Readonly<Record<Resource, ReadonlyArray<Action>>>

const both: ReadonlyArray<Action> = ["read", "write"]
const read: ReadonlyArray<Action> = ["read"]
const nothing: ReadonlyArray<Action> = []

/** Who lets others in (staff, test numbers) is for admins; viewers change nothing and read no reports. */
const table: Readonly<Record<Role, Allowed>> = {
  admin: {
    dashboard: both,
    mitras: both,
    sessions: both,
    cases: both,
    payments: both,
    pushes: both,
    settings: both,
    test_numbers: both,
    staff: both,
    audit: both,
    system: both
  },
  operator: {
    dashboard: both,
    mitras: both,
    sessions: both,
    cases: both,
    payments: both,
    pushes: both,
    settings: both,
    test_numbers: nothing,
    staff: nothing,
    audit: read,
    system: both
  },
  viewer: {
    dashboard: read,
    mitras: read,
    sessions: read,
    cases: nothing,
    payments: read,
    pushes: read,
    settings: read,
    test_numbers: nothing,
    staff: nothing,
    audit: read,
    system: read
  }
}

const isRole = (role: string): role is Role => (roles as ReadonlyArray<string>).includes(role)

export const isAllowed = (role: string, permission: Permission): boolean =>
  isRole(role) && table[role][permission.resource].includes(permission.action)

/** Everything a role may do, for people to read. */
export const permissionsOf = (role: Role): ReadonlyArray<Permission> =>
  resources.flatMap((resource) => table[role][resource].map((action) => ({ resource, action })))
