// The texts of the page of one mitra in Indonesian, in the shape of the English ones.
import type { mitraEnglish } from "./mitra-english.ts"

export const mitraIndonesian: typeof mitraEnglish = {
  find: "Sebagian nama, id, atau nomor lengkap",
  create: "Mitra baru",
  create_what: "Ia bisa langsung masuk dengan nomor ini.",
  name: "Nama",
  phone: "Telepon",
  rename: "Ganti nama",
  rename_what: "Pelanggan langsung melihat nama baru.",
  profile: "Bahasa dan topik",
  profile_what: "Mulai sekarang ia hanya ditawari obrolan semacam ini. Tawaran yang sudah ada tetap.",
  languages: "Bahasa",
  topics: "Topik",
  activate: "Aktifkan",
  activate_what: "Ia boleh masuk dan online lagi.",
  deactivate: "Nonaktifkan",
  deactivate_what:
    "Ia dikeluarkan di semua tempat, tawarannya ditarik, dan ia tidak ditanya lagi. Waktu berbayar " +
    "obrolannya berhenti sebentar: alihkan ke mitra lain, atau sisanya harus dikembalikan.",
  force_offline: "Paksa offline",
  force_offline_what:
    "Ia menjadi offline dan tidak ditanya lagi. Ia boleh kembali saat masa tahanan habis, atau saat " +
    "Anda mencabutnya.",
  lift_hold: "Cabut tahanan",
  lift_hold_what: "Mulai sekarang ia boleh online lagi.",
  drain: "Kosongkan",
  drain_what:
    "Ia tidak mendapat tawaran baru dan yang terbuka ditarik. Ia menyelesaikan obrolannya, lalu menjadi " +
    "offline.",
  undo_drain: "Batalkan pengosongan",
  undo_drain_what: "Ia mendapat tawaran lagi, seperti sebelumnya.",
  draining: "dikosongkan",
  held: "ditahan offline sampai tahanan dicabut",
  held_until: "ditahan offline sampai",
  activity: "30 hari terakhir",
  acceptance: "Penerimaan",
  response: "Median jawaban",
  log: "Log online",
  chats: "Obrolan sekarang",
  heartbeat: "Detak terakhir",
  inactive: "nonaktif",
  connected: "tersambung",
  no_socket: "tanpa socket",
  push: "push",
  no_push: "tanpa push",
  filter: {
    all: "Semua",
    online: "Online",
    draining: "Dikosongkan",
    offline: "Offline",
    inactive: "Nonaktif"
  }
}
