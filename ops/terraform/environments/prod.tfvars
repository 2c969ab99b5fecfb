environment           = "prod"
node_env              = "production"
image                 = "halobestie-server:local"
host                  = "api.halobestie.id"
runners               = 3
postgres_storage_gb   = 200
valkey_memory_mb      = 2048
backup_retention_days = 30
