variable "environment" {
  type        = string
  description = "dev, staging or prod"
}

variable "node_env" {
  type        = string
  description = "NODE_ENV of the server"
}

variable "image" {
  type        = string
  description = "The image with its digest"
}

variable "host" {
  type        = string
  description = "The name phones connect to"
}

variable "runners" {
  type        = number
  description = "How many runners; two or more in production"
}

variable "postgres_storage_gb" {
  type = number
}

variable "valkey_memory_mb" {
  type = number
}

variable "backup_retention_days" {
  type        = number
  description = "14 to 30"
}
