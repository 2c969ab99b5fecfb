variable "name" {
  type = string
}

variable "image" {
  type = string
}

variable "runners" {
  type = number
}

variable "node_env" {
  type = string
}

variable "grace_period_seconds" {
  type = number
}

variable "database_url" {
  type = string
}

variable "valkey_url" {
  type = string
}
