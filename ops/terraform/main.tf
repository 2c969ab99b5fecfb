# The shape of an environment. The modules hold the interface between the parts; a provider's resources are
# put into them once a provider is chosen. terraform fmt and validate check these files in the tests where it is installed; no provider is here.
terraform {
  required_version = ">= 1.6"
}

module "postgres" {
  source                = "./modules/postgres"
  name                  = var.environment
  storage_gb            = var.postgres_storage_gb
  backup_retention_days = var.backup_retention_days
}

module "valkey" {
  source    = "./modules/valkey"
  name      = var.environment
  memory_mb = var.valkey_memory_mb
}

module "backups" {
  source         = "./modules/backup-bucket"
  name           = "halobestie-backups-${var.environment}"
  retention_days = var.backup_retention_days
}

module "service" {
  source               = "./modules/container-service"
  name                 = "halobestie-${var.environment}"
  image                = var.image
  runners              = var.runners
  node_env             = var.node_env
  grace_period_seconds = 35
  database_url         = module.postgres.url
  valkey_url           = module.valkey.url
}

module "dns" {
  source = "./modules/dns"
  host   = var.host
  target = module.service.address
}
