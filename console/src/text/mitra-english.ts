// The texts of the page of one mitra in English.
export const mitraEnglish = {
  find: "Part of a name, an id, or a whole phone",
  create: "New mitra",
  create_what: "She can sign in with this phone at once.",
  name: "Name",
  phone: "Phone",
  rename: "Rename",
  rename_what: "Customers see the new name at once.",
  profile: "Languages and topics",
  profile_what: "From now on she is asked only for chats of these kinds. Offers she has stay.",
  languages: "Languages",
  topics: "Topics",
  activate: "Activate",
  activate_what: "She may sign in and go online again.",
  deactivate: "Deactivate",
  deactivate_what:
    "She is signed out everywhere, her offers are withdrawn, and she is asked no more. The paid time " +
    "of her chats stands still for a while: give them to another mitra, or what is left is owed.",
  force_offline: "Force offline",
  force_offline_what:
    "She goes offline and is asked no more. She may come back when the time of the hold is over, or " +
    "when you lift it.",
  lift_hold: "Lift the hold",
  lift_hold_what: "She may go online again from now on.",
  drain: "Drain",
  drain_what:
    "She gets no new offers and open ones are withdrawn. She finishes her chats, then she is taken " +
    "offline and held.",
  undo_drain: "Undo the drain",
  undo_drain_what: "She gets offers again, as before.",
  draining: "draining",
  held: "held offline until the hold is lifted",
  held_until: "held offline until",
  activity: "The last 30 days",
  acceptance: "Acceptance",
  response: "Median response",
  log: "Online log",
  chats: "Chats now",
  heartbeat: "Last heartbeat",
  inactive: "deactivated",
  connected: "connected",
  no_socket: "no socket",
  push: "push",
  no_push: "no push",
  filter: { all: "All", online: "Online", draining: "Draining", offline: "Offline", inactive: "Deactivated" }
}
