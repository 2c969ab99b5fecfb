environment           = "dev"
node_env              = "development"
image                 = "halobestie-server:local"
host                  = "dev.halobestie.id"
runners               = 1
postgres_storage_gb   = 20
valkey_memory_mb      = 256
backup_retention_days = 14
