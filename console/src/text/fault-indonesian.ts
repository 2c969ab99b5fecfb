// The texts about faults on demand in Indonesian.
import type { faultEnglish } from "./fault-english.ts"

export const faultIndonesian: typeof faultEnglish = {
  kind: "Apa yang salah",
  cut_socket: "Putuskan soket seseorang",
  lag_socket: "Perlambat soket seseorang",
  lose_valkey: "Hilangkan Valkey",
  slow_database: "Database lambat",
  double_webhook: "Webhook berikut dua kali",
  person: "Milik siapa",
  nobody: "Tidak ada orang",
  delay: "Seberapa lama",
  undo_after: "Batal sendiri setelah",
  until: "sampai",
  start: "Mulai",
  undo: "Batalkan"
}
