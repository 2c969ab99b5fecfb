// The texts about faults on demand in English; the Indonesian ones are beside this file.

export const faultEnglish = {
  kind: "What goes wrong",
  cut_socket: "Cut somebody's sockets",
  lag_socket: "Slow down somebody's sockets",
  lose_valkey: "Lose Valkey",
  slow_database: "Slow database",
  double_webhook: "Next webhook twice",
  person: "Whose",
  nobody: "Nobody is there",
  delay: "By how much",
  undo_after: "Undone by itself after",
  until: "until",
  start: "Start",
  undo: "Undo"
}
