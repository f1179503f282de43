-- What a Postgres needs so that materialize.py can speak for Materialize: types with the values that Materialize has. Run by a superuser.
CREATE SCHEMA emulator;
CREATE DOMAIN emulator.date AS date CHECK (isfinite(VALUE) AND VALUE BETWEEN '0001-01-01' AND '9999-12-31');
CREATE DOMAIN emulator.timestamp AS timestamp CHECK (isfinite(VALUE));
CREATE DOMAIN emulator."timestamp with time zone" AS timestamp with time zone CHECK (isfinite(VALUE));
CREATE DOMAIN emulator.time AS time CHECK (VALUE < '24:00');
CREATE DOMAIN emulator.numeric AS numeric CHECK (VALUE = 'NaN' OR length(regexp_replace(ltrim(VALUE::text, '-0.'), '\D', '', 'g')) <= 39);
GRANT USAGE, CREATE ON SCHEMA emulator TO PUBLIC;
