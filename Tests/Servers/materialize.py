"""Materialize's dialect before a real Postgres: materialize.py PORT SERVER_PORT [LOG]

Refuses what Materialize's documentation and its adapter's rules refuse: in a transaction only reads, or only inserts of constants and COPY;
definitions, UPDATE and DELETE by themselves; no keys, no unique indexes, no savepoints, no advisory locks, no types and settings that it does not
have. Of values: no infinite dates, 39 digits, no zeros behind them. The database is made ready by materialize.sql. Not emulated: timestamps of
reads and writes, clusters, what a question costs."""
import re
from pgproxy import Refused, Rules, main

SETTINGS = {
    "application_name", "client_encoding", "cluster", "cluster_replica", "database", "datestyle", "emit_introspection_query_notice",
    "extra_float_digits", "idle_in_transaction_session_timeout", "intervalstyle", "max_query_result_size", "real_time_recency", "schema",
    "search_path", "standard_conforming_strings", "statement_timeout", "timezone", "transaction_isolation", "welcome_message",
}
# Of those, what Postgres does not know, or knows otherwise.
OWN = {"cluster", "cluster_replica", "database", "real_time_recency", "schema", "transaction_isolation", "max_query_result_size", "welcome_message"}

MISSING = [
    (r"^\s*(SAVEPOINT|RELEASE\b|ROLLBACK\s+TO\b)", "42601", "Expected end of statement, found identifier"),
    (r"\bON\s+CONFLICT\b", "42601", "Expected end of statement, found ON"),
    (r"^\s*(TRUNCATE|MERGE|LOCK|DO|VACUUM|ANALYZE|CLUSTER|LISTEN|NOTIFY)\b", "42601", "Expected a keyword at the beginning of a statement"),
    (r"\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE)\b", "42601", "Expected end of statement, found FOR"),
    (r"\bDISCARD\s+(TEMP|PLANS|SEQUENCES)", "0A000", "DISCARD is not supported"),
    (r"^\s*ALTER\s+TABLE\b.*\bADD\b", "0A000", "ALTER TABLE ... ADD COLUMN ... is not available"),
    (r"^\s*CREATE\s+UNIQUE\b", "42601", "Expected INDEX, found UNIQUE"),
    (r"^\s*CREATE\s+(TRIGGER|DOMAIN|EXTENSION|SEQUENCE|RULE|FUNCTION|PROCEDURE)\b", "42601", "Expected DATABASE, SCHEMA, TABLE, found identifier"),
    (r"\bOVERRIDING\b", "42601", "Expected VALUES or SELECT, found OVERRIDING"),
]
CONSTRAINTS = r"\b(PRIMARY\s+KEY|UNIQUE|REFERENCES|CHECK|FOREIGN\s+KEY|GENERATED)\b"
TYPES = {
    "bigint", "boolean", "bytea", "date", "double precision", "integer", "jsonb", "numeric", "real", "smallint", "text", "time", "timestamp",
    "timestamp with time zone", "uuid", "interval",
}
FUNCTIONS = {"coalesce", "current_database", "max", "min", "count", "sum", "substr"}
# What may stand before a bracket besides.
WORDS = {
    "values", "in", "on", "as", "from", "using", "where", "and", "or", "select", "all", "wanted", "not", "join", "copy", "exists", "numeric",
}
DEFINES = r"CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT"
# Types with values that Postgres knows and Materialize does not: domains of the same name in the schema emulator.
NARROWER = r"\b(date|timestamp with time zone|timestamp|time|numeric)(?=\s*(NOT\s+NULL|,|\)|$))"


class Materialize(Rules):
    def rewrite(self, statement, session):
        if not hasattr(session, "block"):
            # Whether a transaction block is open, and what it has done: None, "reads" or "writes".
            session.block, session.does = False, None
        for pattern, state, words in MISSING:
            if statement.has(pattern):
                raise Refused(state, words)
        for before, name in re.findall(r"(\w+\s+)?\b([a-z_]\w*)\s*\(", statement.mask, re.I):
            # Of tables, their columns follow.
            if before.strip().upper() in ("INTO", "TABLE", "ON", "EXISTS", "INDEX"):
                continue
            if name.lower() not in FUNCTIONS | WORDS:
                raise Refused("42883", f'function "{name}" does not exist')
        self.transaction(statement, session)
        if statement.begins("SET"):
            return self.setting(statement, session)
        if statement.begins(r"CREATE\s+(TEMP\w*\s+)?TABLE"):
            return self.table(statement)
        if statement.begins(r"CREATE\s+OR\s+REPLACE\s+VIEW"):
            name = re.match(r'\s*CREATE\s+OR\s+REPLACE\s+VIEW\s+("(?:[^"]|"")*"(?:\."(?:[^"]|"")*")?)', statement.text, re.I)
            return f"DROP VIEW IF EXISTS {name[1]};" + re.sub(r"(?i)\bOR\s+REPLACE\s+", "", statement.text, count=1)
        if statement.begins(r"CREATE\s+INDEX"):
            # An index of a view keeps it in memory: only what it is of is looked at.
            found = re.search(r'\bON\s+("(?:[^"]|"")*"\."(?:[^"]|"")*")\s*\((.*)\)\s*$', statement.text, re.I | re.S)
            return f"SELECT {found[2]} FROM {found[1]} LIMIT 0"
        return statement.text

    def transaction(self, statement, session):
        if statement.begins("BEGIN|START"):
            session.block, session.does = True, None
        elif statement.begins("COMMIT|ROLLBACK|END|ABORT"):
            session.block = False
        elif statement.begins(DEFINES + "|UPDATE|DELETE"):
            if session.block or session.together:
                raise Refused("25001", f"{statement.text.split()[0].upper()} cannot be run inside a transaction block")
        elif statement.begins("INSERT|COPY"):
            if statement.begins("COPY") and not statement.has(r"\bFROM\s+STDIN\b"):
                return
            if session.block and session.does == "reads":
                raise Refused("25006", "transaction in read-only mode")
            if (session.block or session.together) and statement.has(r"^\s*INSERT\b.*\b(SELECT|RETURNING)\b"):
                raise Refused("25001", "INSERT INTO ... SELECT cannot be run inside a transaction block")
            session.does = "writes"
        elif statement.begins("SELECT|WITH|DECLARE|FETCH|VALUES|TABLE"):
            if session.block and session.does == "writes":
                raise Refused("25000", "transaction in write-only mode")
            session.does = "reads"

    def setting(self, statement, session):
        name = re.match(r"\s*SET\s+(?:SESSION\s+)?(\w+)", statement.text, re.I)
        name = name[1].lower() if name else ""
        if name not in SETTINGS:
            raise Refused("42704", f'unrecognized configuration parameter "{name}"')
        if name == "cluster":
            if session.block and session.does:
                raise Refused("25001", "SET cluster cannot be called in an active transaction")
            if '"gone"' in statement.text:
                raise Refused("42704", "unknown cluster 'gone'")
        return re.sub(r"(?i)\bSET\s+(SESSION\s+)?", "SET emulator.", statement.text, count=1) if name in OWN else statement.text

    def table(self, statement):
        if statement.has(CONSTRAINTS):
            raise Refused("0A000", "CREATE TABLE with column constraint not yet supported")
        inner = statement.mask[statement.mask.index("(") + 1 : statement.mask.rindex(")")]
        for column in inner.split(","):
            words = re.sub(r"\s+", " ", re.sub(r'^\s*("·*"|\w+)\s+|\bNOT\s+NULL\b', "", column.strip(), flags=re.I)).strip().lower()
            if words not in TYPES:
                raise Refused("42704", f"unknown catalog item '{words}'")
        name = re.match(r'\s*CREATE\s+(?:TEMP\w*\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?("(?:[^"]|"")*"\."(?:[^"]|"")*")', statement.text, re.I)
        numbers = re.findall(r'("(?:[^"]|"")*"|\b\w+)\s+numeric\b', statement.text)
        narrow = statement.replaced(NARROWER, lambda text: f'emulator."{text}"').text
        if not name or not numbers:
            return narrow
        # Materialize keeps no zeros at the end.
        sets = "".join(f"NEW.{column} := trim_scale(NEW.{column});" for column in numbers)
        function = 'emulator."' + re.sub(r'"', "", name[1]).replace(".", "/")[-50:] + '"'
        return (
            f"{narrow}; CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $zeros$ BEGIN {sets} RETURN NEW; END $zeros$;"
            f" CREATE OR REPLACE TRIGGER zeros BEFORE INSERT ON {name[1]} FOR EACH ROW EXECUTE FUNCTION {function}()"
        )

    def error(self, state, message):
        if state == "28P01":
            return state, "invalid password"
        if state == "42P01":
            return "XX000", "unknown catalog item '" + "".join(re.findall(r'"(.*)"', message)) + "'"
        if state == "3F000":
            return "XX000", "unknown schema '" + "".join(re.findall(r'"(.*)"', message)) + "'"
        if state == "2BP01":
            return "XX000", message.replace("because other objects depend on it", ": still depended upon by others")
        if state[:2] == "22" or state == "23514":
            return "22P04", message
        return state, message


if __name__ == "__main__":
    main(Materialize())
