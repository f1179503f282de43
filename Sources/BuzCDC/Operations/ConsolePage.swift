/// The console at `/`: one self-contained page that asks `/stats` every two seconds and writes what it says as text.
///
/// The page holds no data of the instance, so it needs no token; its request for `/stats` does, and the page asks for it once.
/// Values reach the document by `textContent` alone, never as HTML.
enum ConsolePage {
    /// Allows what the page itself contains, and requests to its own server.
    static let contentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>buz-cdc</title>
        <style>
        :root { color-scheme: light dark; --line: #8883; --mute: #888; --good: #1a7f37; --warn: #b7791f; --bad: #c62828; }
        body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 78rem; padding: 1.25rem; }
        h1 { font-size: 1.15rem; margin: 0; } h2 { font-size: .95rem; margin: 1.6rem 0 .4rem; }
        header { display: flex; gap: .8rem; align-items: baseline; flex-wrap: wrap; }
        .mute { color: var(--mute); } .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
        table { border-collapse: collapse; width: 100%; } .scroll { overflow-x: auto; }
        th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th { font-weight: 600; color: var(--mute); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
        td.message { white-space: normal; min-width: 14rem; overflow-wrap: anywhere; }
        #reasons { margin: .6rem 0 0; padding-left: 1.2rem; }
        </style>
        </head>
        <body>
        <header><h1 id="name">buz-cdc</h1><span id="state" class="mute" role="status">asking …</span>
        <span id="about" class="mute"></span></header>
        <ul id="reasons" class="bad"></ul>
        <h2>Sources</h2><div class="scroll"><table id="sources"></table></div>
        <h2>Sinks</h2><div class="scroll"><table id="lanes"></table></div>
        <p class="mute">As JSON: <code>/stats</code>. For Prometheus: <code>/metrics</code>.</p>
        <script>
        "use strict";
        let before = null, token = sessionStorage.getItem("token");
        const byId = id => document.getElementById(id);
        const number = n => n == null ? "" : Math.round(n).toLocaleString("en");
        const bytes = n => {
          if (n == null) return "";
          const units = ["B", "KiB", "MiB", "GiB", "TiB"]; let u = 0;
          while (n >= 1024 && u < 4) { n /= 1024; u++; }
          return (u ? n.toFixed(1) : n) + " " + units[u];
        };
        const span = s => s == null ? "" : s < 120 ? Math.round(s) + " s" : s < 7200 ? Math.round(s / 60) + " min" : Math.round(s / 3600) + " h";
        const good = ["streaming", "ok"], bad = ["failed", "stopped", "holding"];
        const tone = s => good.includes(s) ? "good" : bad.includes(s) ? "bad" : "warn";
        function rate(list, item, key, field, seconds) {
          const old = before && before[list].find(x => x[key] === item[key]);
          return old && seconds > 0 && item[field] >= old[field] ? number((item[field] - old[field]) / seconds) + "/s" : "";
        }
        function table(id, head, rows) {
          const whole = document.createDocumentFragment();
          const line = (cells, tag) => {
            const row = document.createElement("tr");
            for (const [text, kind] of cells) {
              const cell = document.createElement(tag);
              cell.textContent = text; if (kind) cell.className = kind;
              row.append(cell);
            }
            whole.append(row);
          };
          line(head, "th"); rows.forEach(cells => line(cells, "td"));
          byId(id).replaceChildren(whole);
        }
        function show(stats) {
          const seconds = before ? stats.uptimeSeconds - before.uptimeSeconds : 0;
          document.title = stats.name + " · buz-cdc";
          byId("name").textContent = stats.name;
          byId("about").textContent = "buz-cdc " + stats.version + " · " + stats.environment + " · up " + span(stats.uptimeSeconds);
          byId("state").textContent = stats.ready ? "ready" : "not ready";
          byId("state").className = stats.ready ? "good" : "bad";
          byId("reasons").replaceChildren(...stats.reasons.map(text => {
            const item = document.createElement("li"); item.textContent = text; return item;
          }));
          table("sources", [["source"], ["state"], ["lag", "n"], ["WAL kept", "n"], ["slot"], ["events", "n"], ["now", "n"], ["transactions", "n"], ["reconnects", "n"], ["last error"]],
            stats.sources.map(s => [[s.name], [s.paused ? s.state + ", paused" : s.state, tone(s.state)], [bytes(s.lagBytes), "n"], [bytes(s.retainedWALBytes), "n"],
              [s.walStatus ? s.slot + " (" + s.walStatus + ")" : s.slot], [number(s.events), "n"], [rate("sources", s, "name", "events", seconds), "n"], [number(s.transactions), "n"],
              [number(s.reconnects), "n"], [snapshot(s) + (s.lastError || ""), "message"]]));
          table("lanes", [["sink"], ["state"], ["delivered", "n"], ["now", "n"], ["queued", "n"], ["parked", "n"], ["dead letters", "n"], ["discarded", "n"], ["behind", "n"], ["last error"]],
            stats.lanes.map(l => [[l.sink + (l.required ? "" : " (optional)")], [l.state, tone(l.state)], [number(l.delivered), "n"], [rate("lanes", l, "sink", "delivered", seconds), "n"],
              [number(l.queuedEvents), "n"], [bytes(l.parkedBytes), "n"], [number(l.deadLetters), l.deadLetters ? "n warn" : "n"],
              [number(l.discarded), l.discarded ? "n bad" : "n"], [span(l.lagSeconds), "n"], [mended(l, stats) + (l.lastError || ""), "message"]]));
          before = stats;
        }
        function mended(l, stats) {
          if (l.failing || !l.lastErrorAt) return "";
          return "works again; " + span((Date.parse(stats.takenAt) - Date.parse(l.lastErrorAt)) / 1000) + " ago: ";
        }
        function snapshot(s) {
          return s.snapshot ? "snapshot " + (100 * s.snapshot.share).toFixed(1) + " % (" + s.snapshot.table + ") " : "";
        }
        async function refresh() {
          try {
            const answer = await fetch("stats", { headers: token ? { authorization: "Bearer " + token } : {}, cache: "no-store" });
            if (answer.status === 401) {
              token = prompt("Token of the operations server (operations.token)");
              if (token === null) { byId("state").textContent = "a token is needed: reload"; return; }
              sessionStorage.setItem("token", token);
              return refresh();
            }
            show(await answer.json());
          } catch (error) {
            byId("state").textContent = "no answer"; byId("state").className = "bad";
          }
          setTimeout(refresh, 2000);
        }
        refresh();
        </script>
        </body>
        </html>

        """
}
