#!/bin/sh
# Runs once, when the database is made: two roles that are no superusers and have no search_path to fall back to.
# The registry's may create schemas; the communication service's uses those that it is let into.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  -v database="$POSTGRES_DB" -v registry="$REGISTRY_PASSWORD" -v app="$APP_PASSWORD" <<'SQL'
CREATE ROLE registry LOGIN PASSWORD :'registry' NOSUPERUSER;
CREATE ROLE app LOGIN PASSWORD :'app' NOSUPERUSER;
ALTER ROLE registry SET search_path = '';
ALTER ROLE app SET search_path = '';
GRANT CONNECT, CREATE ON DATABASE :"database" TO registry;
GRANT USAGE, CREATE ON SCHEMA public TO registry;
-- CREATE is for the schema of the queue, which the queue makes and migrates itself.
GRANT CONNECT, CREATE ON DATABASE :"database" TO app;
SQL
