// The page put together: head, filter, views, keys, print.

const KEYS = [
  ["↑ ↓ ← → or k j h l", "move in the matrix"],
  ["Enter", "open the finding"],
  ["Esc", "close it"],
  ["n, p", "next and previous in the queue"],
  ["[, ]", "previous and next passage of a finding"],
  ["z", "the page larger, or as wide as the pane"],
  ["a", "accept the verdict of the open finding"],
  ["c", "correct it"],
  ["/", "go to the filter"],
  ["1 … 6", "matrix, queue, findings, changes, failed files, rules"],
  ["?", "these keys"],
];
const TABS = { matrix: "Matrix", queue: "Queue", findings: "Findings", changes: "Changes", failed: "Failed files", rules: "Rules" };

function makeHead() {
  document.title = `${heading.playbook} ${heading.version}: compliance review`;
  byId("playbook").textContent = heading.playbook;
  const failures = totals.V + totals.M;
  const grave = SEVERITIES.slice(0, 2).map((severity) => [severity, bySeverities[severity].V + bySeverities[severity].M]).filter(([, count]) => count);
  const which = grave.length ? ` (${grave.map(([severity, count]) => `${number(count)} ${severity}`).join(", ")})` : "";
  byId("lead").textContent = `${counted(heading.documents, "document")} by ${counted(RULES, "rule")}: ${counted(failures, "failure")}${which}, ${number(totals.R)} to review`;
  const facts = [
    ["Version", heading.version, heading.fingerprint],
    ["As of", heading.as_of],
    ["Side", heading.side],
    ["Ran", when(heading.started), `finished ${when(heading.finished)}`],
    ["Model", heading.model],
    ["Written by", heading.package],
    ["Audit log head", heading.audit_head === null ? "none yet" : heading.audit_head, heading.audit_head, "hash"],
  ].filter(([, value]) => value !== null);
  byId("facts").append(...facts.map(([label, value, title, kind]) => el("div", { class: kind ?? null }, el("dt", {}, label), el("dd", { title: title ?? null }, value))));
}

function makeFilter() {
  const counts = { queue: totals.R + totals.V + totals.M, changes: changes.length, failed: overview.failed.length };
  byId("tabs").append(
    ...VIEWS.map((view) => el("button", { type: "button", role: "tab", id: `tab-${view}`, "aria-controls": `view-${view}`, onclick: () => filter({ view }) }, TABS[view], ...(counts[view] === undefined ? [] : [" ", el("span", { class: "count" }, number(counts[view]))]))),
  );
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    filter({ view: VIEWS[(VIEWS.indexOf(state.view) + step + VIEWS.length) % VIEWS.length] });
    byId(`tab-${state.view}`).focus();
    event.preventDefault();
  });
  byId("filter-verdicts").append(
    ...VERDICTS.map((verdict) => el("button", { type: "button", class: "chip", "data-verdict": verdict.code, title: verdict.label, "aria-label": verdict.label, onclick: () => toggleVerdict(verdict.code) }, el("span", { class: `sign sign-${verdict.code}`, "aria-hidden": "true" }, verdict.sign))),
  );
  byId("filter-rule").append(el("option", { value: "" }, "All rules"), ...rules.map((rule) => el("option", { value: rule.id }, rule.title)));
  byId("filter-severity").append(el("option", { value: "" }, "All severities"), ...SEVERITIES.map((severity) => el("option", { value: severity }, severity)));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filter-text").addEventListener("input", (event) => filter({ text: event.target.value }));
  byId("filter-rule").addEventListener("change", (event) => filter({ rule: event.target.value }));
  byId("filter-severity").addEventListener("change", (event) => filter({ severity: event.target.value }));
  byId("filter-changed").addEventListener("change", (event) => filter({ changed: event.target.value }));
  byId("filter-corrected").addEventListener("change", (event) => filter({ corrected: event.target.checked }));
  byId("filter-clear").addEventListener("click", () => filter({ text: "", verdicts: [], rule: "", severity: "", changed: "", corrected: false }));
}

function toggleVerdict(code) {
  const verdicts = new Set(state.verdicts);
  if (!verdicts.delete(code)) verdicts.add(code);
  filter({ verdicts });
}

// Change what is shown.
function filter(change) {
  for (const [name, value] of Object.entries(change)) state[name] = name === "verdicts" ? new Set(value) : value;
  writeAddress();
  refresh();
}

// Draw what the state says; `keep` leaves lists where they are scrolled to.
function refresh({ keep = false } = {}) {
  const selected = select();
  for (const view of VIEWS) {
    byId(`view-${view}`).hidden = view !== state.view;
    byId(`tab-${view}`).setAttribute("aria-selected", String(view === state.view));
    byId(`tab-${view}`).tabIndex = view === state.view ? 0 : -1;
  }
  showFilter(selected);
  if (state.view === "matrix") showMatrix(selected, keep);
  else showList(selected, keep);
}

function showFilter(selected) {
  const text = byId("filter-text");
  if (text.value !== state.text) text.value = state.text;
  byId("filter-rule").value = state.rule;
  byId("filter-severity").value = state.severity;
  byId("filter-changed").value = state.changed;
  byId("filter-corrected").checked = state.corrected;
  byId("filter-clear").disabled = !filtered() && state.text === "";
  markCharts();
  const said = filtered() || state.text ? `${number(selected.documents.length)} of ${counted(documents.length, "document")}, ${counted(selected.findings.length, "finding")}` : counted(documents.length, "document");
  if (byId("filter-count").textContent !== said) byId("filter-count").textContent = said;
}

const typing = (target) => target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select") ?? false;

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target)) {
    if (event.key === "Escape" && event.target === byId("filter-text")) {
      byId("matrix").querySelector('td[tabindex="0"]')?.focus();
      event.preventDefault();
    }
    return;
  }
  const pane = byId("pane").open;
  if ((pane && correcting()) || byId("marks").open || (byId("keys").open && event.key !== "?")) return;
  if (event.key === "?") byId("keys").open ? byId("keys").close() : byId("keys").showModal();
  else if (event.key === "n") stepQueue(1);
  else if (event.key === "p") stepQueue(-1);
  else if (pane && event.key === "a") accept();
  else if (pane && event.key === "c") correct();
  else if (pane && event.key === "z" && !byId("source-larger").hidden) enlarge();
  else if (pane && (event.key === "[" || event.key === "]")) {
    const next = shown.place + (event.key === "]" ? 1 : -1);
    if (next >= 0 && next < shown.passages.length) showPassage(next);
  } else if (pane) return;
  else if (event.key === "/") {
    byId("filter-text").focus();
    byId("filter-text").select();
  } else if (/^[1-6]$/.test(event.key)) filter({ view: VIEWS[Number(event.key) - 1] });
  else if (state.view === "matrix" && event.target === document.body) {
    moveByKey(event);
    return;
  } else return;
  event.preventDefault();
}

function makeKeys() {
  byId("keys-list").append(...KEYS.flatMap(([keys, what]) => [el("dt", {}, keys), el("dd", {}, what)]));
  byId("open-keys").addEventListener("click", () => byId("keys").showModal());
  byId("keys-close").addEventListener("click", () => byId("keys").close());
  byId("print").addEventListener("click", () => window.print());
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  document.addEventListener("keydown", pressed);
  window.addEventListener("beforeprint", writeForPrint);
  window.addEventListener("afterprint", () => byId("printed").replaceChildren());
}

function showAddress() {
  if (!readAddress()) return;
  const { open } = state;
  if (open === null && byId("pane").open) closePane();
  refresh();
  if (open !== null) openPane(open);
}

makeHead();
makeFilter();
makeMatrix();
makeLists();
makePane();
makeMarks();
makeKeys();
drawCharts(filter);
readAddress();
refresh();
if (state.open !== null) openPane(state.open);
window.addEventListener("hashchange", showAddress);
// The details come after this script; what was drawn without them is drawn again.
document.addEventListener("DOMContentLoaded", () => {
  refresh({ keep: true });
  if (openFinding() !== null) openPane(openFinding());
});
