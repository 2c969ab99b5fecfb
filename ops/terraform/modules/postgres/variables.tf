variable "name" {
  type = string
}

variable "storage_gb" {
  type = number
}

variable "backup_retention_days" {
  type = number
}
