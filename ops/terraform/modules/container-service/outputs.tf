# Filled by the chosen provider's resource.
output "address" {
  value = "service.invalid"
}
