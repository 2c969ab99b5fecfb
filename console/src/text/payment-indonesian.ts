// The texts about payments, and about two people who change one thing, in Indonesian.
import type { paymentEnglish, staleEnglish } from "./payment-english.ts"

export const paymentIndonesian: typeof paymentEnglish = {
  failed: "Gagal",
  pending: "Terbuka",
  prices: "Harga",
  history: "Riwayat harga",
  retry: "Tanya lagi",
  retry_what: "Semua yang tersedia ditanya lagi atas pembayaran ini.",
  refunded: "Dikembalikan",
  refunded_what: "Uang dikembalikan di luar server ini. Pembayaran selesai.",
  dismiss: "Abaikan",
  dismiss_what: "Kegagalan ini selesai tanpa mengembalikan uang.",
  none_failed: "Tidak ada kegagalan yang menunggu keputusan.",
  tier: "Paket",
  off_sale: "tidak dijual",
  edit: "Ubah",
  discount: "Diskon sesi pertama",
  on_sale: "dijual",
  kind: "Jenis",
  percent: "potongan persen",
  amount: "potongan rupiah"
}

export const staleIndonesian: typeof staleEnglish = {
  title: "Seseorang mengubahnya sementara itu. Ini bedanya:",
  by: "Diubah oleh",
  yours: "Punya Anda",
  theirs: "Sekarang",
  was: "Saat Anda buka",
  keep_mine: "Simpan punya saya",
  take_theirs: "Pakai punya mereka"
}
