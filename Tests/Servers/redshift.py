"""Amazon Redshift's dialect before a real Postgres: redshift.py PORT SERVER_PORT [LOG]

Refuses what Redshift's documentation says that it does not have, and says in Postgres's words what only Redshift has. The database is made
ready by redshift.sql. Not emulated: that comparisons of VARCHAR take no notice of blanks at the end, distribution, speed."""
import gzip, os, re
from pgproxy import ESCAPED, Refused, Rules, main

# Configuration that Redshift knows of a session.
SETTINGS = {
    "analyze_threshold_percent", "client_encoding", "datestyle", "describe_field_name_in_uppercase", "enable_case_sensitive_identifier",
    "enable_case_sensitive_super_attribute", "enable_numeric_rounding", "enable_result_cache_for_session", "extra_float_digits",
    "json_parse_dedup_attributes", "json_parse_truncate_strings", "query_group", "search_path", "session_authorization", "spectrum_query_maxerror",
    "statement_timeout", "stored_proc_log_min_messages", "timezone", "use_fips_ssl", "wlm_query_slot_count", "application_name",
}
# Of those, what Postgres does not know.
OWN = SETTINGS - {"client_encoding", "datestyle", "extra_float_digits", "search_path", "session_authorization", "statement_timeout", "timezone", "application_name"}

MISSING = [
    (r"^\s*(SAVEPOINT|RELEASE\b|ROLLBACK\s+TO\b)", "0A000", 'SQL command "SAVEPOINT" not supported'),
    (r"\bON\s+CONFLICT\b", "42601", 'syntax error at or near "ON"'),
    (r"\bRETURNING\b", "42601", 'syntax error at or near "RETURNING"'),
    (r"^\s*COPY\b.*\bSTDIN\b", "0A000", "LOAD source is not supported. (Hint: only S3 or DynamoDB or EMR based load is allowed)"),
    (r"^\s*CREATE\s+(UNIQUE\s+)?INDEX\b", "0A000", 'SQL command "CREATE INDEX" not supported on Redshift tables'),
    (r"^\s*CREATE\s+(TRIGGER|TYPE|DOMAIN|EXTENSION|SEQUENCE|RULE)\b", "0A000", "this command is not supported"),
    (r"^\s*DISCARD\b", "42601", 'syntax error at or near "DISCARD"'),
    (r"\bpg_(try_)?advisory_", "42883", "function pg_advisory_lock does not exist"),
    (r"\bIS\s+(NOT\s+)?DISTINCT\s+FROM\b", "42601", 'syntax error at or near "DISTINCT"'),
    (r"\bLATERAL\b", "42601", 'syntax error at or near "LATERAL"'),
    (r"\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE)\b", "0A000", "SELECT FOR UPDATE is not supported"),
    (r"\bCREATE\s+UNLOGGED\b|\bON\s+COMMIT\b", "0A000", "this clause is not supported"),
    (r"\bUSING\s+(btree|hash|gin)\b", "42601", 'syntax error at or near "USING"'),
    (r"^\s*(INSERT|UPDATE|DELETE|MERGE)\b.*(\bnow\s*\(|\bcurrent_timestamp\b)", "0A000",
     "Specified types or functions (one per INFO message) not supported on Redshift tables."),
    (r"^\s*DO\b", "42601", 'syntax error at or near "DO"'),
    (r"\[|\bARRAY\s*\(", "0A000", "arrays are not supported"),
]
# Of what COPY takes, what the emulator knows: a table, where from, by which role, and options in any order.
COPY = re.compile(
    r"""COPY\s+(?P<table>[\w".]+)\s+FROM\s+'[^']*'\s+IAM_ROLE\s+((?P<usual>default)|'[^']*')"""
    r"""(?P<options>(\s+(FORMAT(\s+AS)?|CSV|GZIP|(REGION|NULL|DATEFORMAT|TIMEFORMAT)(\s+AS)?\s+'[^']*'|(COMPUPDATE|STATUPDATE)\s+(ON|OFF)|EMPTYASNULL|BLANKSASNULL))*)""",
    re.I | re.S,
)
NO_TYPES = r"\b(uuid|jsonb?|bytea|xml|inet|cidr|hstore|citext|serial|bigserial|money|point|box|int4range|tsvector|oid)\b"
COLUMNS_OF_THE_SYSTEM = {"oid", "tableoid", "xmin", "xmax", "cmin", "cmax", "ctid"}


class Redshift(Rules):
    tokens = ESCAPED
    most = 16 << 20

    def rewrite(self, statement, session):
        for pattern, state, words in MISSING:
            if statement.has(pattern):
                raise Refused(state, words)
        self.literals(statement.text)
        if statement.begins("SET") and not statement.begins(r"SET\s+(TRANSACTION|SESSION\s+CHARACTERISTICS)"):
            return self.setting(statement)
        # Without case even where they are quoted.
        statement = statement.names(lambda name: re.sub("[A-Z]", lambda letter: letter[0].lower(), name))
        if statement.begins("CREATE") or statement.begins("ALTER"):
            return self.definition(statement, session)
        if statement.begins("TRUNCATE") and session.in_transaction:
            return statement.text + ";COMMIT"
        return statement.text

    def literals(self, text):
        for found in re.finditer(r"'((?:[^'\\]|\\.|''){65536,})'", text):
            if len(found[1].encode("utf-8", "surrogateescape")) > 65535 + found[1].count("\\\\") + found[1].count("''"):
                raise Refused("22001", "value too long for type character varying(65535)")

    def setting(self, statement):
        name = re.match(r"\s*SET\s+(?:SESSION\s+)?(\w+)", statement.text, re.I)
        name = name[1].lower() if name else ""
        if name not in SETTINGS:
            raise Refused("42704", f'unrecognized configuration parameter "{name}"')
        return re.sub(r"(?i)\bSET\s+(SESSION\s+)?", "SET emulator.", statement.text, count=1) if name in OWN else statement.text

    def definition(self, statement, session):
        if statement.has(NO_TYPES):
            raise Refused("0A000", "a column has a type that is not supported")
        if statement.begins(r"ALTER\s+TABLE"):
            if len(re.findall(r"\bADD\b|\bDROP\b|\bRENAME\b|\bALTER\s+COLUMN\b", statement.mask, re.I)) > 1:
                raise Refused("42601", 'syntax error at or near ","')
            if statement.has(r"\bALTER\s+COLUMN\b"):
                if not statement.has(r"\bTYPE\s+(VARCHAR|CHARACTER\s+VARYING)\s*\(\d+\)\s*$"):
                    raise Refused("0A000", "ALTER COLUMN TYPE is not supported for this type")
                if session.in_transaction:
                    raise Refused("25001", "ALTER TABLE ALTER COLUMN cannot run inside a transaction block")
            if statement.has(r"\bIF\s+(NOT\s+)?EXISTS\b"):
                raise Refused("42601", 'syntax error at or near "IF"')
        for length in re.findall(r"\b(?:VARCHAR|CHARACTER\s+VARYING)\s*\((\d+)\)", statement.mask, re.I):
            if not 1 <= int(length) <= 65535:
                raise Refused("22023", "length for type varchar cannot exceed 65535")
        for precision, scale in re.findall(r"\b(?:DECIMAL|NUMERIC)\s*\((\d+)\s*,\s*(-?\d+)\)", statement.mask, re.I):
            if int(precision) > 38 or not 0 <= int(scale) <= min(37, int(precision)):
                raise Refused("22023", f"NUMERIC precision {precision} must be between 1 and 38")
        if statement.begins(r"CREATE\s+(TEMP\w*\s+)?TABLE") and "(" in statement.mask:
            for name in re.findall(r'[(,]\s*"?(\w+)"?\s', statement.text):
                if name.lower() in COLUMNS_OF_THE_SYSTEM:
                    raise Refused("42701", f'column name "{name}" conflicts with a system column name')
        # Informational in Redshift: nothing enforces them.
        statement = statement.replaced(r",?\s*\b(PRIMARY\s+KEY|UNIQUE)\s*(\([^()]*\))?", "")
        statement = statement.replaced(r"\bDISTSTYLE\s+(KEY|EVEN|ALL|AUTO)\b", "")
        statement = statement.replaced(r"\b(DISTKEY|(COMPOUND\s+|INTERLEAVED\s+)?SORTKEY)\s*(\([^()]*\)|AUTO)?", "")
        statement = statement.replaced(r"\bENCODE\s+\w+", "")
        statement = statement.replaced(r"\bIDENTITY\s*\(\s*\d+\s*,\s*\d+\s*\)", "GENERATED BY DEFAULT AS IDENTITY")
        return statement.replaced(r"\bVARBYTE\s*\(\d+\)", lambda text: 'emulator."' + re.sub(r"\s", "", text).lower() + '"').text

    loads = True

    def load(self, statement):
        found = COPY.fullmatch(statement.mask.strip())
        if not found:
            raise Refused("42601", 'syntax error at or near "COPY"')
        literals = [text[1:-1] for text in statement.literals()]
        address = literals.pop(0)
        role = "default" if found["usual"] else literals.pop(0)
        options = found["options"].upper()
        if "CSV" not in options.split() or "GZIP" not in options.split():
            raise Refused("0A000", "the emulator reads CSV in gzip only")
        rest = [words.split()[0] for words in re.findall(r"(?:REGION|NULL|DATEFORMAT|TIMEFORMAT)\b[^']*'", options)]
        values = dict(zip(rest, literals))
        if values.get("DATEFORMAT") != "auto" or values.get("TIMEFORMAT") != "auto" or not re.fullmatch(r"[a-z0-9-]+", values.get("REGION", "")):
            raise Refused("22023", "an option has a value that is not known")
        bucket, _, key = address.removeprefix("s3://").partition("/")
        if not address.startswith("s3://") or not key or not (role == "default" or re.fullmatch(r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+", role)):
            raise Refused("22023", "Invalid credentials. Must be of the format: credentials 'aws_iam_role=...'")
        if role.endswith("/stranger"):
            raise Refused("XX000", f"User arn:aws:redshift:us-east-1:123456789012:dbuser:shop/buz is not authorized to assume IAM Role {role}")
        null = values.get("NULL", "\\N")
        rows = gzip.decompress(self.fetch(bucket, key, values["REGION"]))
        return f"COPY {found['table']} FROM STDIN (FORMAT csv, NULL '{null}')", rows

    def fetch(self, bucket, key, region):
        """The objects whose keys begin with a text, one behind the other, by credentials of the emulator's own."""
        import boto3, botocore.config, botocore.exceptions
        settings = botocore.config.Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=10, proxies={})
        store = boto3.client("s3", endpoint_url=os.environ["EMULATOR_S3"], region_name=region, config=settings)
        try:
            # Without a prefix: moto does not take the signature of one with a slash.
            keys = [one["Key"] for one in store.list_objects_v2(Bucket=bucket).get("Contents", []) if one["Key"].startswith(key)]
            if not keys:
                raise Refused("XX000", f"The specified S3 prefix '{key}' does not exist")
            return b"".join(store.get_object(Bucket=bucket, Key=one)["Body"].read() for one in keys)
        except botocore.exceptions.ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise Refused("XX000", f"S3ServiceException:{code},Status {status},Error {code},Rid 0,ExtRid 0,CanRetry 1") from None

    def load_error(self, state, message):
        if state[:2] in ("22", "23"):
            return "XX000", "Load into table 'stage' failed.  Check 'stl_load_errors' system table for details."
        return self.error(state, message)

    def error(self, state, message):
        # Redshift has no state of its own for these.
        if state == "40001":
            return "XX000", "1023"
        return state, message


if __name__ == "__main__":
    main(Redshift())
