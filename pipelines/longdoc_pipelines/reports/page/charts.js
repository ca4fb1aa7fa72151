// The charts: shares of verdicts, failures by severity, verdicts by rule and by document, and what changed. A click filters.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const MOST_DOCUMENTS = 12;

// Missing is hatched and a fallback dotted: they are told from their neighbours without colour.
function patterns() {
  const lines = svg("path", { d: "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2", class: "hatch-line" });
  const dots = [svg("circle", { cx: 1.5, cy: 1.5, r: 1, class: "dots-dot" }), svg("circle", { cx: 4.5, cy: 4.5, r: 1, class: "dots-dot" })];
  const pattern = (id, ...drawn) => svg("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, svg("rect", { width: 6, height: 6, class: `${id}-ground` }), ...drawn);
  return svg("svg", { width: 0, height: 0, class: "patterns", "aria-hidden": "true" }, svg("defs", {}, pattern("hatch", lines), pattern("dots", ...dots)));
}

// Counts by verdict as one bar; `pick(code)` is what a click on a part does.
function bar(counts, pick, height) {
  const whole = VERDICTS.reduce((sum, verdict) => sum + counts[verdict.code], 0) || 1;
  const parts = svg("svg", { class: "bar", width: "100%", height, "aria-hidden": "true" });
  let place = 0;
  for (const verdict of VERDICTS) {
    const count = counts[verdict.code];
    if (!count) continue;
    const share = (100 * count) / whole;
    const part = svg("rect", { x: `${place}%`, y: 0, width: `${share}%`, height, class: `fill-${verdict.code}` }, svg("title", {}, `${verdict.label}: ${number(count)} (${percent(count / whole)})`));
    part.addEventListener("click", () => pick(verdict.code));
    parts.append(part);
    place += share;
  }
  return parts;
}

const counting = () => ({ V: 0, M: 0, R: 0, F: 0, C: 0, N: 0 });
const totals = counting();
const byRule = rules.map(counting);
const bySeverities = Object.fromEntries(SEVERITIES.map((severity) => [severity, { V: 0, M: 0 }]));
for (const one of documents) {
  for (let place = 0; place < RULES; place += 1) {
    const code = one.codes[place];
    if (code === ".") continue;
    totals[code] += 1;
    byRule[place][code] += 1;
    if (code === "V" || code === "M") bySeverities[SEVERITY_OF[one.severities[place]]][code] += 1;
  }
}

function drawCharts(filter) {
  document.body.append(patterns());
  drawVerdicts(filter);
  drawSeverities(filter);
  drawRules(filter);
  drawDocuments(filter);
  drawChanges(filter);
}

function drawVerdicts(filter) {
  const whole = VERDICTS.reduce((sum, verdict) => sum + totals[verdict.code], 0);
  const legend = VERDICTS.map((verdict) =>
    el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "legend", "data-verdict": verdict.code, title: `Show only: ${verdict.label}`, onclick: () => filter({ verdicts: [verdict.code], rule: "", severity: "" }) },
        badge(verdict.code, { label: true }),
        el("span", { class: "legend-count" }, number(totals[verdict.code])),
        el("span", { class: "legend-share" }, whole ? percent(totals[verdict.code] / whole) : ""),
      ),
    ),
  );
  byId("chart-verdicts").append(bar(totals, (code) => filter({ verdicts: [code], rule: "", severity: "" }), 22), el("ul", { class: "legends" }, ...legend));
}

function drawSeverities(filter) {
  const most = Math.max(1, ...SEVERITIES.map((severity) => bySeverities[severity].V + bySeverities[severity].M));
  const rows = SEVERITIES.map((severity) => {
    const { V, M } = bySeverities[severity];
    const shown = svg("svg", { class: "bar", width: "100%", height: 14, "aria-hidden": "true" });
    shown.append(svg("rect", { x: 0, y: 0, width: `${(100 * V) / most}%`, height: 14, class: "fill-V" }, svg("title", {}, `${number(V)} violations`)));
    shown.append(svg("rect", { x: `${(100 * V) / most}%`, y: 0, width: `${(100 * M) / most}%`, height: 14, class: "fill-M" }, svg("title", {}, `${number(M)} missing`)));
    const pick = () => filter({ severity, verdicts: ["V", "M"], rule: "" });
    shown.addEventListener("click", pick);
    return el("li", {}, el("button", { type: "button", class: "chart-name", onclick: pick, title: `Show failures of severity ${severity}` }, severity), shown, el("span", { class: "chart-count", title: "violations and missing" }, number(V + M)));
  });
  byId("chart-severity").append(el("ul", { class: "chart-rows" }, ...rows));
}

const failuresOf = (counts) => counts.V + counts.M;
const countOf = (counts) => el("span", { class: "chart-count", title: "violations and missing" }, number(failuresOf(counts)));

// The rule that fails most stands first.
function drawRules(filter) {
  const order = [...rules].sort((left, right) => failuresOf(byRule[right.place]) - failuresOf(byRule[left.place]) || byRule[right.place].R - byRule[left.place].R);
  const rows = order.map((rule) => {
    const counts = byRule[rule.place];
    const name = el("button", { type: "button", class: "chart-name", "data-rule": rule.id, title: `${rule.id}: ${rule.title}\nShow only this rule`, onclick: () => filter({ rule: rule.id, verdicts: [], severity: "" }) }, rule.title);
    return el("li", {}, name, bar(counts, (code) => filter({ rule: rule.id, verdicts: [code], severity: "" }), 14), countOf(counts));
  });
  byId("chart-rules").append(el("ul", { class: "chart-rows" }, ...rows));
}

// The documents that fail most; the matrix, sorted by failures, has them all.
function drawDocuments(filter) {
  const failing = documents.filter((one) => one.failures).sort((left, right) => right.failures - left.failures || right.most - left.most || left.index - right.index);
  const rows = failing.slice(0, MOST_DOCUMENTS).map((one) => {
    const counts = counting();
    for (const code of one.codes) if (code !== ".") counts[code] += 1;
    const show = (verdicts) => filter({ view: "findings", text: one.path, verdicts, rule: "", severity: "", sort: "verdict" });
    return el("li", {}, el("button", { type: "button", class: "chart-name", "data-path": one.path, title: `${readable(one.path)}\nShow its failures`, onclick: () => show(["V", "M"]) }, el("bdi", {}, one.name)), bar(counts, (code) => show([code]), 14), countOf(counts));
  });
  const left = failing.length - rows.length;
  const all = el("button", { type: "button", class: "quiet", onclick: () => filter({ view: "matrix", sort: "failures", text: "", verdicts: [], rule: "", severity: "", changed: "" }) }, `and ${counted(left, "other")}, in the matrix`);
  byId("chart-documents").append(rows.length ? el("ul", { class: "chart-rows" }, ...rows) : el("p", { class: "about" }, documents.length ? "No document fails a rule." : "No document was reviewed."), ...(left > 0 ? [all] : []));
}

function drawChanges(filter) {
  const place = byId("chart-changes");
  if (heading.changes_since === null) {
    place.append(el("p", { class: "about" }, "This is the first run of this playbook; there is nothing to compare it with."));
    return;
  }
  const kinds = Object.keys(CHANGE_LABELS).map((kind) => {
    const count = changes.filter((change) => change.kind === kind).length;
    const label = { new: "new", fixed: "fixed", changed: "changed" }[kind];
    return el("button", { type: "button", class: `change change-${kind}`, "data-change": kind, onclick: () => filter({ view: "changes", changed: kind, verdicts: [], rule: "", severity: "" }) }, el("strong", {}, number(count)), ` ${label}`);
  });
  place.append(el("p", { class: "about" }, `Compared with ${when(heading.changes_since)}`), el("div", { class: "changes" }, ...kinds));
}

function markCharts() {
  for (const one of document.querySelectorAll("[data-verdict]")) one.setAttribute("aria-pressed", String(state.verdicts.has(one.dataset.verdict)));
  for (const one of document.querySelectorAll(".chart-name[data-rule]")) one.setAttribute("aria-pressed", String(state.rule === one.dataset.rule));
}
