variable "name" {
  type = string
}

variable "memory_mb" {
  type = number
}
