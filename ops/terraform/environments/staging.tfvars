environment           = "staging"
node_env              = "staging"
image                 = "halobestie-server:local"
host                  = "staging.halobestie.id"
runners               = 2
postgres_storage_gb   = 50
valkey_memory_mb      = 512
backup_retention_days = 14
