"""A proxy of Postgres's protocol (version 3) before a real Postgres, which makes it refuse and know what another server refuses and knows.

Statements of clients are looked at and perhaps rewritten by `Rules`; all else passes through. What a rule refuses becomes a statement that
fails with the rule's own words, so that the state of a transaction is what a server's would be. Each distinct shape of a statement is a line
of the log: literals are '?' there, and of many rows the first."""
import asyncio, re, struct, sys

# Literals (with or without backslash escapes), quoted names, comments, and texts in dollars.
STANDARD = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|(\$\w*\$).*?\1""", re.S)
ESCAPED = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|(\$\w*\$).*?\1""", re.S)


class Refused(Exception):
    """A statement that the server would not take: its SQLSTATE and words."""

    def __init__(self, state, message):
        super().__init__(message)
        self.state, self.message = state, message


class Statement:
    """One statement: its text, and the same with literals, quoted names and comments blanked out, of the same length."""

    def __init__(self, text, tokens):
        self.text, self.tokens = text, tokens
        self.mask = tokens.sub(lambda m: m[0][0] + "·" * (len(m[0]) - 2) + m[0][-1] if len(m[0]) > 1 else m[0], text)

    def has(self, pattern):
        return re.search(pattern, self.mask, re.I | re.S) is not None

    def begins(self, pattern):
        return re.match(r"\s*(?:" + pattern + r")\b", self.mask, re.I | re.S) is not None

    def replaced(self, pattern, by):
        """The statement with what the pattern finds outside of literals replaced; `by` is a text or a function of the found text."""
        out, last = [], 0
        for found in re.finditer(pattern, self.mask, re.I | re.S):
            out.append(self.text[last : found.start()])
            out.append(by(self.text[found.start() : found.end()]) if callable(by) else by)
            last = found.end()
        out.append(self.text[last:])
        return Statement("".join(out), self.tokens)

    def names(self, by):
        """The statement with each quoted name replaced."""
        return Statement(self.tokens.sub(lambda m: by(m[0]) if m[0][0] == '"' else m[0], self.text), self.tokens)

    def literals(self):
        return [m[0] for m in self.tokens.finditer(self.text) if m[0][0] == "'"]

    @property
    def shape(self):
        text = self.tokens.sub(lambda m: "'?'" if m[0][0] == "'" else m[0], self.text)
        text = re.sub(r"\s+", " ", text).strip()
        row = r"\((?:[^()]|\([^()]*\))*\)"
        return re.sub(rf"(VALUES {row})(?:,\s*{row})+", r"\1", text, flags=re.I)


def split(text, tokens):
    """The statements of a query, without the empty ones."""
    mask = Statement(text, tokens).mask
    parts, start = [], 0
    for end in [m.start() for m in re.finditer(";", mask)] + [len(text)]:
        if text[start:end].strip():
            parts.append(Statement(text[start:end], tokens))
        start = end + 1
    return parts


class Session:
    """What rules may ask about the session of a statement."""

    def __init__(self):
        # As ReadyForQuery says it: I, T or E.
        self.state = "I"
        # Whether the statement came together with others.
        self.together = False
        # Whether the statement reads rows that the proxy sends.
        self.loads = False

    @property
    def in_transaction(self):
        return self.state != "I"


class Rules:
    """What a dialect makes of statements. Subclasses override what differs."""

    tokens = STANDARD
    # Bytes of a statement.
    most = 1 << 30
    # Whether `load` serves COPY.
    loads = False

    def load(self, statement):
        """A COPY from elsewhere as one from the client, and what the client sends then; raises Refused. May block."""
        raise NotImplementedError

    def rewrite(self, statement, session):
        """The statements in Postgres's own words, as text; raises Refused."""
        return statement.text

    def literals(self, text):
        """Raises Refused for a literal in a text that the server would not take."""

    def load_error(self, state, message):
        """An error of Postgres about rows that `load` gave."""
        return self.error(state, message)

    def error(self, state, message):
        """An error of Postgres as the server would say it."""
        return state, message


class Proxy:
    def __init__(self, rules, server, log=None):
        self.rules, self.server = rules, server
        self.seen, self.log = set(), open(log, "a", buffering=1) if log else None

    def note(self, statement):
        shape = statement.shape
        if self.log and shape not in self.seen:
            self.seen.add(shape)
            self.log.write(shape + "\n")

    def translate(self, sql, session):
        if len(sql) > self.rules.most:
            return self.refusal(Refused("54000", f"Statement is too large. Statement Size: {len(sql)} bytes. Maximum Allowed: {self.rules.most} bytes"))
        text = sql.decode("utf-8", "surrogateescape")
        if len(sql) > 1 << 15 and (quick := self.translate_rows(text, session)) is not None:
            return quick
        out = []
        statements = split(text, self.rules.tokens)
        session.together = len(statements) > 1
        for statement in statements:
            self.note(statement)
            try:
                out.append(self.rules.rewrite(statement, session))
            except Refused as refused:
                out.append(self.refusal(refused).decode())
                break
        return ";".join(out).encode("utf-8", "surrogateescape")

    def translate_rows(self, text, session):
        """A long `INSERT … VALUES` by its beginning, its first row and what stands behind the last one; None where it is not such a one."""
        head = re.match(r"""\s*INSERT INTO [\w".]+(?: \([\w", ]*\))? VALUES """, text)
        if not head:
            return None
        bare = self.rules.tokens.sub("''", text[head.end() :])
        row = re.match(r"\((?:[^()]|\([^()]*\))*\)", bare)
        if not row or re.search(r"(?i)[;\[]|\b(?!null\b|true\b|false\b)[a-z_]{2,}", bare):
            return None
        statement = Statement(head[0] + row[0], self.rules.tokens)
        self.note(statement)
        session.together = False
        try:
            self.rules.literals(text[head.end() :])
            changed = self.rules.rewrite(statement, session)
        except Refused as refused:
            return self.refusal(refused)
        beginning = changed[: len(changed) - len(row[0])]
        return (beginning + text[head.end() :]).encode("utf-8", "surrogateescape")

    @staticmethod
    def refusal(refused):
        words = refused.message.replace("'", "''").replace("%", "%%").replace("\\", "/")
        return f"DO $refused$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{refused.state}'; END $refused$".encode()

    async def serve(self, reader, writer):
        back = None
        try:
            # Neither TLS nor GSS.
            while True:
                size, code = struct.unpack("!ii", await reader.readexactly(8))
                rest = await reader.readexactly(size - 8)
                if code not in (80877103, 80877104):
                    break
                writer.write(b"N")
            server, back = await asyncio.open_connection("127.0.0.1", self.server, limit=1 << 22)
            back.write(struct.pack("!ii", size, code) + rest)
            session = Session()
            ends = [asyncio.create_task(self.forth(reader, back, session)), asyncio.create_task(self.answers(server, writer, session))]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            # What the server still answers is passed on; a client that is gone ends all.
            if ends[0].done() and not ends[1].done():
                await asyncio.wait([ends[1]], timeout=60)
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for end in (writer, back):
                if end is not None:
                    end.close()

    async def forth(self, reader, back, session):
        try:
            while True:
                kind, body = await message(reader)
                more = b""
                if kind == b"Q" and self.rules.loads and re.match(rb"\s*COPY\b", body, re.I):
                    body, more = await self.load(body[:-1], session)
                elif kind == b"Q":
                    body = self.translate(body[:-1], session) + b"\0"
                elif kind == b"P":
                    name, rest = body.split(b"\0", 1)
                    sql, rest = rest.split(b"\0", 1)
                    body = name + b"\0" + self.translate(sql, session) + b"\0" + rest
                back.write(kind + struct.pack("!i", len(body) + 4) + body + more)
                await back.drain()
        except (OSError, asyncio.IncompleteReadError):
            back.close()

    async def load(self, sql, session):
        """A COPY, and the messages of rows that follow it: a server takes them before it was heard to ask for them."""
        statements = split(sql.decode(), self.rules.tokens)
        if len(statements) != 1 or statements[0].has(r"\b(STDIN|STDOUT)\b"):
            return self.translate(sql, session) + b"\0", b""
        self.note(statements[0])
        try:
            text, rows = await asyncio.to_thread(self.rules.load, statements[0])
        except Refused as refused:
            return self.refusal(refused) + b"\0", b""
        session.loads = True
        return text.encode() + b"\0", b"d" + struct.pack("!i", len(rows) + 4) + rows + b"c" + struct.pack("!i", 4)

    async def answers(self, server, writer, session):
        try:
            while True:
                kind, body = await message(server)
                if kind == b"Z":
                    session.state = chr(body[0])
                    session.loads = False
                elif kind == b"E":
                    body = self.reworded(body, session)
                elif kind == b"G" and session.loads:
                    continue
                writer.write(kind + struct.pack("!i", len(body) + 4) + body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass

    def reworded(self, body, session):
        fields = {field[:1]: field[1:] for field in body.split(b"\0") if field}
        translate = self.rules.load_error if session.loads else self.rules.error
        state, words = translate(fields.get(b"C", b"").decode(), fields.get(b"M", b"").decode(errors="replace"))
        fields[b"C"], fields[b"M"] = state.encode(), words.encode()
        # What the proxy's own refusals say of where they were raised is not the server's.
        fields.pop(b"W", None)
        return b"".join(code + text + b"\0" for code, text in fields.items()) + b"\0"


async def message(reader):
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


def main(rules):
    """PROGRAM PORT SERVER_PORT [LOG]: listens on the loopback address for ever."""
    port, server = int(sys.argv[1]), int(sys.argv[2])
    proxy = Proxy(rules, server, sys.argv[3] if len(sys.argv) > 3 else None)

    async def run():
        listener = await asyncio.start_server(proxy.serve, "127.0.0.1", port, limit=1 << 25)
        async with listener:
            await listener.serve_forever()

    asyncio.run(run())
