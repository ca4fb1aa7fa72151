// The other views: what to look at, all findings, what changed, what failed to be read, and the rules.

const lists = {};

function column(label, kind, sort = null) {
  const inside = sort === null ? label : el("button", { type: "button", class: "sort", onclick: () => filter({ sort }) }, label);
  return el("th", { scope: "col", class: kind, "data-sort": sort }, inside);
}

function makeList(name, columns, draw) {
  const table = byId(name);
  table.tHead.append(el("tr", { "aria-rowindex": "1" }, ...columns));
  const listed = { items: [], rows: null };
  listed.rows = new Rows(table, byId(`${name}-scroller`), () => columns.length, (place) => draw(listed.items[place], place));
  lists[name] = listed;
}

const findingColumns = (sort) => [
  column("Verdict", "wide", sort && "verdict"),
  column("Severity", "severity-column", sort && "severity"),
  column("Document", "document", sort && "name"),
  column("Rule", "rule-column"),
  column("Reason", "reason"),
  column("Confidence", "figure", sort && "confidence"),
  column("Worth", "figure", sort && "worth"),
];

function makeLists() {
  makeList("queue", findingColumns(false), drawQueued);
  makeList("findings", findingColumns(true), drawFinding);
  makeList("changes", [column("Change", "wide"), column("Document", "document"), column("Rule", "rule-column"), column("Before", "wide"), column("Now", "wide")], drawChange);
  makeList("failed", [column("Outcome", "wide"), column("Stage", "severity-column"), column("File", "document"), column("Reason", "reason")], drawFailed);
  for (const name of ["queue", "findings", "changes"]) byId(name).tBodies[0].addEventListener("click", openFromRow);
  makeRules();
}

function openFromRow(event) {
  const row = event.target.closest("tr[data-finding]");
  if (row !== null) openPane(Number(row.dataset.finding));
}

function drawFinding(finding) {
  const found = findingOf(finding);
  const mark = marked(finding);
  const change = changeOf.get(finding);
  const quote = found?.citations[0]?.quote;
  const one = documents[indexOf(finding)];
  const tags = [change && CHANGE_LABELS[change.kind], one.corrected[placeOf(finding)] === "p" && "By a person"].filter(Boolean);
  const said = found === null ? "…" : mark ? `You: ${spaced(mark.verdict)}${mark.note ? ` (${mark.note})` : ""}` : found.reason;
  return el(
    "tr",
    { class: mark ? "done" : null, "data-finding": finding },
    el("td", { class: "wide" }, badge(codeOf(finding), { label: true }), tags.length > 0 && el("div", { class: "tags" }, ...tags.map((tag) => el("span", { class: "tag" }, tag)))),
    el("td", { class: "severity-column" }, severityMark(severityOf(finding))),
    el("td", { class: "document" }, el("button", { type: "button", class: "open", "data-finding": finding }, nameOf(one))),
    el("td", { class: "rule-column" }, el("div", { class: "lines three" }, rules[placeOf(finding)].title)),
    el("td", { class: "reason", title: readable(quote ? `${said}\n\n${quote}` : said) }, el("div", { class: quote ? "lines two" : "lines three" }, said), quote ? el("q", { class: "lines one" }, readable(quote.slice(0, 200))) : null),
    el("td", { class: "figure" }, percent(confidenceOf(finding))),
    el("td", { class: "figure" }, worthOf(finding).toFixed(2)),
  );
}

function drawQueued(item) {
  if (typeof item === "number") return drawFinding(item);
  return el("tr", { class: "group" }, el("th", { scope: "rowgroup", colspan: "7" }, item.label, el("span", { class: "count" }, number(item.count))));
}

const verdictOrNone = (name) => (name === null ? el("span", { class: "about" }, "was not there") : badge(BY_NAME[name].code, { label: true }));

function drawChange(change) {
  const index = indexOfPath.get(change.path);
  const cut = change.path.lastIndexOf("/") + 1;
  const name = index === undefined ? nameOf({ path: change.path, name: change.path.slice(cut), folder: change.path.slice(0, cut) }) : nameOf(documents[index]);
  const title = rules[placeOfRule.get(change.rule)]?.title ?? change.rule;
  const person = change.finding !== null && documents[index].corrected[placeOf(change.finding)] === "p";
  return el(
    "tr",
    { "data-finding": change.finding },
    el("td", { class: "wide" }, el("span", { class: `tag change-${change.kind}` }, CHANGE_LABELS[change.kind]), person && el("div", { class: "tags" }, el("span", { class: "tag" }, "By a person"))),
    el("td", { class: "document" }, change.finding === null ? name : el("button", { type: "button", class: "open", "data-finding": change.finding }, name)),
    el("td", { class: "rule-column" }, el("div", { class: "lines three" }, title)),
    el("td", { class: "wide" }, verdictOrNone(change.before)),
    el("td", { class: "wide" }, change.after === null ? el("span", { class: "about" }, "is gone") : verdictOrNone(change.after)),
  );
}

function drawFailed([path, outcome, stage, reason]) {
  return el("tr", {}, el("td", { class: "wide" }, el("span", { class: `tag outcome-${outcome}` }, outcome)), el("td", { class: "severity-column" }, stage), el("td", { class: "document" }, el("bdi", { class: "lines three", title: readable(path) }, path)), el("td", { class: "reason", title: readable(reason) }, el("div", { class: "lines three" }, readable(reason))));
}

function setList(name, items, keep) {
  lists[name].items = items;
  lists[name].rows.set(items.length, { keep });
}

function changesShown() {
  const wanted = words();
  return changes.filter((change) => {
    if (state.changed && state.changed !== "any" && change.kind !== state.changed) return false;
    if (state.rule && change.rule !== state.rule) return false;
    if (state.verdicts.size && !state.verdicts.has(BY_NAME[change.after]?.code)) return false;
    if (state.severity && (change.finding === null || severityOf(change.finding) !== state.severity)) return false;
    return wanted.every((word) => change.path.toLowerCase().includes(word));
  });
}

function showList(selected, keep) {
  if (state.view === "queue") {
    const queue = queueOf(selected.findings);
    const groups = [["Needs review", queue.open], ["Failed", queue.failed]].filter(([, listed]) => listed.length);
    setList("queue", groups.flatMap(([label, listed]) => [{ label, count: listed.length }, ...listed]), keep);
  } else if (state.view === "findings") {
    for (const one of byId("findings").tHead.querySelectorAll("[data-sort]")) {
      one.setAttribute("aria-sort", one.dataset.sort === sortOf("findings") ? (["worth", "severity", "verdict"].includes(sortOf("findings")) ? "descending" : "ascending") : "none");
    }
    setList("findings", sortedFindings(selected.findings), keep);
  } else if (state.view === "changes") {
    byId("changes-about").textContent = heading.changes_since === null ? "This is the first run of this playbook; there is nothing to compare it with." : `Compared with the run of ${when(heading.changes_since)}: a failure is new, was fixed, or a verdict changed otherwise.`;
    setList("changes", changesShown(), keep);
  } else if (state.view === "failed") {
    const wanted = state.text.trim().toLowerCase();
    setList("failed", overview.failed.filter(([path]) => path.toLowerCase().includes(wanted)), keep);
  }
}

// A rule as the playbook has it; shown in the pane beside a finding as well.
function ruleParts(rule, position = null) {
  const parts = [];
  const add = (label, ...value) => parts.push(el("dt", {}, label), el("dd", {}, ...value));
  add("Requirement", rule.requirement);
  if (rule.test) add("Test", el("code", {}, rule.test));
  if (rule.rationale) add("Why", rule.rationale);
  for (const [name, label] of Object.entries(POSITIONS)) {
    if (rule.positions[name]) add(label, el("span", { class: "language" }, rule.positions[name]), name === position ? el("span", { class: "tag" }, "this wording fits it") : null);
  }
  if (rule.references.length) add("References", el("ul", { class: "plain" }, ...rule.references.map((one) => el("li", {}, one))));
  if (rule.escalation) add("Escalation", rule.escalation);
  return el("dl", { class: "parts" }, ...parts);
}

function makeRules() {
  byId("rules").append(
    ...rules.map((rule) => {
      const counts = byRule[rule.place];
      return el(
        "article",
        { class: "card", "aria-labelledby": `rule-${rule.place}` },
        el("h3", { id: `rule-${rule.place}` }, rule.title, " ", el("code", {}, rule.id)),
        el("p", {}, severityMark(rule.severity), " ", el("span", { class: "about" }, `${number(counts.V + counts.M)} failed, ${number(counts.R)} to review`)),
        bar(counts, (code) => filter({ view: "findings", rule: rule.id, verdicts: [code] }), 10),
        ruleParts(rule),
      );
    }),
  );
}
