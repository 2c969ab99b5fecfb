// The texts about one's own account in Indonesian, in the shape of the English ones.
import type { accountEnglish } from "./account-english.ts"

export const accountIndonesian: typeof accountEnglish = {
  title: "Akun saya",
  lead: "Bagaimana Anda dikenal di sini.",
  code: "Kode dari aplikasi autentikator",
  code_hint: "Enam angka, atau salah satu kode pemulihan Anda.",
  once_more: "Apakah ini Anda?",
  once_more_lead:
    "Ini memindahkan uang, obrolan atau hak. Berikan kata sandi atau kode aplikasi sekali lagi.",
  or_code: "Atau kode",
  go_on: "Lanjut",
  password: "Kata sandi",
  password_change: "Ganti kata sandi",
  password_what: "Anda dikeluarkan di semua tempat, di sini juga, lalu masuk dengan yang baru.",
  current: "Kata sandi sekarang",
  next: "Kata sandi baru",
  next_hint: "Paling sedikit 12 karakter.",
  second: "Faktor kedua",
  is_off: "Mati. Siapa pun yang tahu kata sandi Anda bisa masuk.",
  is_on: "Nyala. Sisa kode pemulihan:",
  turn_on: "Nyalakan",
  turn_on_what: "Pindai dengan aplikasi autentikator, atau ketik rahasianya, lalu berikan kode yang tampil.",
  picture: "Rahasia sebagai gambar untuk dipindai",
  secret: "Rahasia",
  turn_off: "Matikan",
  turn_off_what: "Sejak itu kata sandi saja sudah cukup.",
  recovery: "Kode pemulihan",
  recovery_what:
    "Masing-masing untuk masuk sekali bila ponsel hilang. Hanya tampil sekarang: simpan terpisah.",
  kept: "Sudah saya simpan",
  reset: "Setel ulang faktor kedua",
  reset_what: "Untuk rekan yang kehilangan ponsel: kata sandinya saja cukup sampai dinyalakan lagi."
}
