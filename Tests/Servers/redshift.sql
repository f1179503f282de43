-- What a Postgres needs so that redshift.py can speak for Amazon Redshift. Run by a superuser in a database whose encoding is SQL_ASCII: there
-- the length of a VARCHAR is one of bytes, as Redshift's is.
CREATE SCHEMA emulator;
CREATE DOMAIN emulator.super AS json;
CREATE DOMAIN emulator."varbyte(32767)" AS bytea CHECK (octet_length(VALUE) <= 32767);
CREATE DOMAIN emulator."varbyte(64000)" AS bytea CHECK (octet_length(VALUE) <= 64000);
CREATE FUNCTION emulator.json_parse(varchar) RETURNS emulator.super LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1::json::emulator.super $$;
CREATE FUNCTION emulator.json_serialize(emulator.super) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1::text::varchar $$;
CREATE FUNCTION emulator.from_hex(varchar) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT decode($1, 'hex') $$;
CREATE FUNCTION emulator.to_hex(bytea) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT encode($1, 'hex')::varchar $$;
CREATE FUNCTION emulator.getdate() RETURNS timestamp LANGUAGE sql STABLE AS $$ SELECT date_trunc('second', now() AT TIME ZONE 'UTC') $$;
CREATE FUNCTION emulator.format_type(type oid, modifier int) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN t.typname LIKE 'varbyte(%' THEN 'binary varying' || substr(t.typname, 8)
    WHEN t.typname = 'super' THEN 'super' ELSE pg_catalog.format_type(type, modifier) END
  FROM pg_catalog.pg_type t WHERE t.oid = type $$;
GRANT USAGE ON SCHEMA emulator TO PUBLIC;
