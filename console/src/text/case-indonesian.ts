// The texts about reports in Indonesian.
import type { caseEnglish } from "./case-english.ts"

export const caseIndonesian: typeof caseEnglish = {
  lead: "Apa yang dilaporkan orang tentang satu sama lain. Membuka laporan dicatat.",
  open: "Terbuka",
  resolved: "Selesai",
  none: "Tidak ada laporan.",
  pick: "Pilih laporan.",
  about: "Tentang",
  by: "Dilaporkan oleh",
  reason: "Alasan",
  words: "Dengan kata-kata mereka",
  evidence: "Apa yang dikatakan, seperti saat dilaporkan",
  no_evidence: "Belum ada yang dikatakan.",
  outcome: "Hasil",
  note: "Catatan untuk log",
  is_paused: "dijeda",
  lift: "Cabut jeda",
  lift_what: "Mereka boleh chat lagi saat itu juga. Laporan lama tetap tercatat.",
  dismissed: "Tolak",
  dismissed_what: "Laporan ditutup. Tidak ada yang diberi tahu, dan tidak ada yang berubah.",
  warned: "Peringatkan",
  warned_what:
    "Laporan ditutup sebagai benar. Bicaralah sendiri dengan mereka: tidak ada yang dikirim dari sini.",
  paused: "Jeda",
  paused_what:
    "Yang dilaporkan tidak mendapat chat sampai jeda dicabut. Chat yang berjalan terus sampai selesai."
}
