// The page beside a ticket. What is shown comes from Amends and is set as text, never as markup.
"use strict";

(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const inbox = document.body.dataset.inbox;
  const said = document.getElementById("said");
  const main = document.getElementById("cases");
  const client = window.ZAFClient && window.ZAFClient.init();
  let bearer = takeBearer();
  let language = "en";
  let ticket = 0;
  let shown = "";

  // Held in memory only: no storage, no cookie, and not in the document any more.
  function takeBearer() {
    const meta = document.querySelector('meta[name="amends-bearer"]');
    meta.remove();
    return meta.content;
  }

  const say = (name, n) => words[language][name].replace("{n}", n);

  function make(tag, text, kind, ...inside) {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    if (kind) element.className = kind;
    element.append(...inside);
    return element;
  }

  function tell(text) {
    said.textContent = text;
    fit();
  }

  function fit() {
    const height = Math.min(Math.max(document.body.scrollHeight, 80), 900);
    client.invoke("resize", { width: "100%", height: `${height}px` });
  }

  // ---- asking Amends

  async function ask(path, body) {
    const options = { headers: { Authorization: `Bearer ${bearer}` }, cache: "no-store", credentials: "omit" };
    if (body) {
      options.method = "POST";
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(`${encodeURIComponent(inbox)}/tickets/${ticket}${path}`, options);
    if (answer.status === 401) throw new Error(say("expired"));
    const found = await answer.json().catch(() => ({ error: String(answer.status) }));
    if (!answer.ok) throw new Error(say("failed") + found.error);
    bearer = answer.headers.get("Amends-Bearer") || bearer;
    return found;
  }

  async function refresh() {
    try {
      show(await ask(""));
    } catch (error) {
      tell(error.message);
    }
  }

  async function act(path, body, told) {
    const buttons = main.querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    try {
      show(await ask(path, body));
      main.focus();
      tell(say(told));
    } catch (error) {
      tell(error.message);
    } finally {
      main.querySelectorAll("button").forEach((button) => { button.disabled = false; });
    }
  }

  // ---- showing

  function show(found) {
    const now = JSON.stringify(found);
    if (now === shown) return;
    shown = now;
    const cases = found.cases.map((one) => article(one, found));
    main.replaceChildren(...(cases.length ? cases : [make("p", say("nothing"), "quiet")]));
    fit();
  }

  function article(one, found) {
    const status = one.status === "undecided" ? say("undecided") : say(one.status === "resolved" ? "resolved" : "open");
    const category = one.category.replaceAll("-", " ");
    const box = make("article", "", "",
      make("h1", one.status === "undecided" ? status : `${status}: ${category}`),
      make("p", `${say("severity")}: ${one.severity}`));
    const due = one.due.filter((each) => each.owed || each.met_at || each.missed);
    if (due.length) box.append(make("h2", say("due")), list(due.map((each) => dueBy(each, found.zone))));
    if (one.draft) box.append(make("h2", say("draft")), ...suggestion(one.draft));
    const raised = one.tasks.filter((task) => task.state === "raised");
    const promised = (task) => one.due.some((due) => due.for === task.kind) && !task.snoozed_until;  // told above
    const later = one.tasks.filter((task) => task.state === "waiting" && !promised(task));
    box.append(make("h2", say("tasks")));
    box.append(raised.length ? list(raised.map((task) => toDo(task, found))) : make("p", say("none"), "quiet"));
    if (later.length) box.append(make("h2", say("next")), list(later.map((task) => coming(task, found.zone))));
    if (one.evidence.length) box.append(reasons(one.evidence));
    box.append(make("p", `${say("case")} ${one.id}, ${found.zone}`, "quiet"));
    return box;
  }

  const list = (items) => make("ul", "", "", ...items);

  function time(text, zone) {
    const style = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone };
    const element = make("time", new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, style).format(new Date(text)));
    element.dateTime = text;
    return element;
  }

  function dueBy(due, zone) {
    const item = make("li", "", "", make("strong", say(due.for)), " ");
    item.append(due.due_at ? time(due.due_at, zone) : make("span", say("waits"), "quiet"));
    const state = due.missed ? "missed" : due.met_at ? "met" : due.owed && new Date(due.due_at) < new Date() ? "late" : "";
    if (state && due.due_at) item.append(" ", make("span", say(state), state === "met" ? "quiet" : "missed"));
    return item;
  }

  function suggestion(draft) {
    const letter = make("div", draft.text, "letter");
    letter.tabIndex = 0;
    letter.dir = "auto";
    letter.setAttribute("role", "region");
    letter.setAttribute("aria-label", say("draft"));
    const button = make("button", say("insert"), "first");
    button.type = "button";
    button.addEventListener("click", () => insert(draft.text));
    return draft.marks ? [letter, make("p", say("marks") + draft.marks, "quiet"), button] : [letter, button];
  }

  async function insert(text) {
    try {
      await client.invoke("ticket.editor.insert", markup(text));
      tell(say("inserted"));
    } catch (error) {
      tell(say("failed") + (error.message || error));
    }
  }

  // The editor takes HTML: the text as it is, with its lines.
  function markup(text) {
    const named = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
    return text.replace(/[&<>"']/g, (sign) => named[sign]).replace(/\r?\n/g, "<br>");
  }

  function toDo(task, found) {
    const item = make("li", "", "", make("strong", say(task.kind)), " ", time(task.due_at, found.zone));
    if (task.note) item.append(make("p", task.note));
    const fields = task.kind === "goodwill" ? ["gave", "proof"].map(field) : [];
    if (fields.length) item.append(...fields, make("p", say("counts"), "quiet"));
    const done = make("button", say("done"));
    done.type = "button";
    done.setAttribute("aria-label", `${say("done")}: ${say(task.kind)}`);
    done.addEventListener("click", () => {
      const [gave, note] = fields.map((label) => label.querySelector("input").value);
      act("/done", { task: task.id, gave: gave || "", note: note || "" }, "ended");
    });
    item.append(make("div", "", "does", done, snoozes(task, found.snoozes)));
    return item;
  }

  function field(name) {
    const input = document.createElement("input");
    input.maxLength = 200;
    return make("label", say(name), "", input);
  }

  function snoozes(task, choices) {
    const summary = make("summary", say("snooze"));
    summary.setAttribute("aria-label", `${say("snooze")}: ${say(task.kind)}`);
    const buttons = choices.map((days) => {
      const button = make("button", days === 1 ? say("day") : say("days", days));
      button.type = "button";
      button.addEventListener("click", () => act("/snooze", { task: task.id, days }, "snoozed"));
      return button;
    });
    const details = make("details", "", "", summary, make("div", "", "", ...buttons));
    details.addEventListener("toggle", fit);
    return details;
  }

  function coming(task, zone) {
    const item = make("li", "", "", make("span", say(task.kind)), " ", time(task.snoozed_until || task.due_at, zone));
    if (task.note) item.append(make("p", task.note, "quiet"));
    return item;
  }

  function reasons(evidence) {
    const rows = evidence.flatMap((one) => {
      const quoted = one.words.map((text) => make("q", text));
      const told = make("dd");
      told.dir = "auto";
      quoted.forEach((quote) => told.append(quote, " "));
      return [make("dt", one.label, "label"), told];
    });
    return make("section", "", "", make("h2", say("why")), make("dl", "", "", ...rows));
  }

  // ---- beginning

  async function begin() {
    const told = await client.get(["ticket.id", "currentUser"]);
    const locale = String((told.currentUser && told.currentUser.locale) || navigator.language || "en");
    language = words[locale.slice(0, 2)] ? locale.slice(0, 2) : "en";
    document.documentElement.lang = language;
    ticket = Number(told["ticket.id"]) || 0;
    client.on("app.activated", refresh);
    setInterval(() => { if (document.visibilityState === "visible") refresh(); }, 60_000);
    await refresh();
  }

  if (client) {
    begin().catch((error) => tell(say("failed") + (error.message || error)));
  } else {
    said.textContent = say("outside");
  }
})();
