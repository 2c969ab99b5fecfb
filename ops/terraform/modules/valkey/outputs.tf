# Filled by the chosen provider's resource.
output "url" {
  value = "rediss://valkey.invalid:6379/0"
}
