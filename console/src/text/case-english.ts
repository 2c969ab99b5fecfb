// The texts about reports in English. The Indonesian ones are beside this file and have the same shape.

export const caseEnglish = {
  lead: "What people reported of each other. Opening one is written down.",
  open: "Open",
  resolved: "Resolved",
  none: "No reports.",
  pick: "Choose a report.",
  about: "About",
  by: "Reported by",
  reason: "Reason",
  words: "In their words",
  evidence: "What was said, as it was when it was reported",
  no_evidence: "Nothing had been said.",
  outcome: "Outcome",
  note: "Note for the log",
  is_paused: "paused",
  lift: "Lift the pause",
  lift_what: "They may chat again at once. Earlier reports stay on record.",
  dismissed: "Dismiss",
  dismissed_what: "The report is closed. Nobody is told, and nothing changes for either side.",
  warned: "Warn",
  warned_what:
    "The report is closed as one that was right. Talk to them yourself: nothing is sent from here.",
  paused: "Pause",
  paused_what: "The reported one gets no chats until somebody lifts it. A running chat goes on to its end."
}
