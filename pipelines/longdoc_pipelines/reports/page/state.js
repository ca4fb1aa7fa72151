// What is shown: the filter, the view and the open finding. It stands in the address after #, so that a link shows the same.

const VIEWS = ["matrix", "queue", "findings", "changes", "failed", "rules"];
const SORTS = ["name", "failures", "worth", "severity", "confidence", "verdict"];
const state = { view: "matrix", text: "", verdicts: new Set(), rule: "", severity: "", changed: "", corrected: false, deep: false, sort: "", open: null };
let written = null;

function address() {
  const parts = new URLSearchParams();
  if (state.view !== "matrix") parts.set("view", state.view);
  if (state.text) parts.set("q", state.text);
  if (state.verdicts.size) parts.set("verdict", [...state.verdicts].map((code) => BY_CODE[code].name).join(","));
  if (state.rule) parts.set("rule", state.rule);
  if (state.severity) parts.set("severity", state.severity);
  if (state.changed) parts.set("changed", state.changed);
  if (state.corrected) parts.set("corrected", "yes");
  if (state.deep) parts.set("passages", "yes");
  if (state.sort) parts.set("sort", state.sort);
  if (state.open !== null) {
    parts.set("document", documents[indexOf(state.open)].id);
    parts.set("finding", rules[placeOf(state.open)].id);
  }
  return parts.toString();
}

function writeAddress() {
  const now = address();
  if (now === written) return;
  written = now;
  // Replaced, not added: the way back leads out of the report, not through every letter that was typed.
  window.location.replace(`#${now}`);
}

// Take over what the address says; false where it says what is shown already.
function readAddress() {
  const given = window.location.hash.slice(1);
  if (given === written) return false;
  written = given;
  const parts = new URLSearchParams(given);
  const oneOf = (name, allowed, otherwise) => (allowed.includes(parts.get(name)) ? parts.get(name) : otherwise);
  state.view = oneOf("view", VIEWS, "matrix");
  state.text = parts.get("q") ?? "";
  state.verdicts = new Set((parts.get("verdict") ?? "").split(",").map((name) => BY_NAME[name]?.code).filter(Boolean));
  state.rule = placeOfRule.has(parts.get("rule")) ? parts.get("rule") : "";
  state.severity = oneOf("severity", SEVERITIES, "");
  state.changed = oneOf("changed", ["any", "new", "fixed", "changed"], "");
  state.corrected = parts.get("corrected") === "yes";
  state.deep = parts.get("passages") === "yes";
  state.sort = oneOf("sort", SORTS, "");
  const index = indexOfDocument.get(parts.get("document"));
  const place = placeOfRule.get(parts.get("finding"));
  state.open = index === undefined || place === undefined || documents[index].codes[place] === "." ? null : key(index, place);
  return true;
}

// Whether one finding passes the filter, the text apart.
function passes(finding) {
  const one = documents[indexOf(finding)];
  const place = placeOf(finding);
  const code = one.codes[place];
  if (code === ".") return false;
  if (state.verdicts.size && !state.verdicts.has(code)) return false;
  if (state.severity && SEVERITY_OF[one.severities[place]] !== state.severity) return false;
  if (state.changed) {
    const change = changeOf.get(finding);
    if (change === undefined || (state.changed !== "any" && change.kind !== state.changed)) return false;
  }
  return !state.corrected || one.corrected[place] === "p" || marked(finding) !== null;
}

const words = () => state.text.trim().toLowerCase().split(/\s+/).filter(Boolean);
const filtered = () => Boolean(state.verdicts.size || state.rule || state.severity || state.changed || state.corrected || (state.deep && words().length));

// The documents with a finding that passes, and all those findings, in the order of the run.
function select() {
  const wanted = words();
  const only = state.rule ? placeOfRule.get(state.rule) : null;
  const narrow = filtered();
  const shown = [];
  const findings = [];
  for (const one of documents) {
    const named = wanted.every((word) => one.searched.includes(word));
    if (!named && !state.deep) continue;
    const said = named ? null : saidIn(one.index);
    const before = findings.length;
    for (let place = only ?? 0; place < (only === null ? RULES : only + 1); place += 1) {
      const finding = key(one.index, place);
      if (!passes(finding)) continue;
      if (said === null || wanted.every((word) => one.searched.includes(word) || said[place]?.includes(word))) findings.push(finding);
    }
    if (!narrow || findings.length > before) shown.push(one.index);
  }
  return { documents: shown, findings };
}

const SEVERITY_RANK = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };
const byWorth = (left, right) => worthOf(right) - worthOf(left) || left - right;
const VERDICT_RANK = Object.fromEntries(VERDICTS.map((one, rank) => [one.code, rank]));
const verdictsApart = (left, right) => VERDICT_RANK[codeOf(left)] - VERDICT_RANK[codeOf(right)];
const severitiesApart = (left, right) => SEVERITY_RANK[severityOf(left)] - SEVERITY_RANK[severityOf(right)];
const bySeverity = (left, right) => severitiesApart(left, right) || byWorth(left, right);
const collator = new Intl.Collator("en", { numeric: true });
let nameRank = null;

// Names are compared once for all; ten thousand paths take a while.
function rankOfName(index) {
  if (nameRank === null) {
    const order = documents.map((one) => one.index).sort((left, right) => collator.compare(documents[left].path, documents[right].path));
    nameRank = new Uint32Array(documents.length);
    order.forEach((position, rank) => (nameRank[position] = rank));
  }
  return nameRank[index];
}

const byName = (left, right) => rankOfName(left) - rankOfName(right);

// What nobody has sorted stands as it is looked for: contracts by name, findings with what is wrong first.
const sortOf = (view) => state.sort || (view === "findings" ? "verdict" : "name");

function sortedDocuments(selected) {
  const listed = [...selected];
  if (state.sort === "failures") return listed.sort((left, right) => documents[right].failures - documents[left].failures || byName(left, right));
  if (state.sort === "worth") return listed.sort((left, right) => documents[right].most - documents[left].most || byName(left, right));
  return listed.sort(byName);
}

function sortedFindings(selected) {
  const listed = [...selected];
  if (state.sort === "worth") return listed.sort(byWorth);
  if (state.sort === "severity") return listed.sort((left, right) => severitiesApart(left, right) || verdictsApart(left, right) || byWorth(left, right));
  if (sortOf("findings") === "verdict") return listed.sort((left, right) => verdictsApart(left, right) || bySeverity(left, right));
  if (state.sort === "confidence") return listed.sort((left, right) => confidenceOf(left) - confidenceOf(right) || left - right);
  // Within a document, what is wrong stands before what is right.
  return listed.sort((left, right) => byName(indexOf(left), indexOf(right)) || verdictsApart(left, right) || severitiesApart(left, right) || left - right);
}

// What a person should look at, most worthwhile first.
function queueOf(findings) {
  const open = findings.filter((finding) => codeOf(finding) === "R").sort(byWorth);
  const failed = findings.filter((finding) => codeOf(finding) === "V" || codeOf(finding) === "M").sort(bySeverity);
  return { open, failed, all: [...open, ...failed] };
}
