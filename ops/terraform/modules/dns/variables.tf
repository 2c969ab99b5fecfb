variable "host" {
  type = string
}

variable "target" {
  type = string
}
