# Filled by the chosen provider's resource.
output "url" {
  value = "s3://backups.invalid"
}
