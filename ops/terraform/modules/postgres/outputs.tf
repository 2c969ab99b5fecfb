# Filled by the chosen provider's resource.
output "url" {
  value = "postgres://halobestie@postgres.invalid:5432/halobestie"
}
