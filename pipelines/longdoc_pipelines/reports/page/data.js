// What the page knows: the overview at once, a document's details when it is opened; and how an element is made of it.

const VERDICTS = [
  { code: "V", name: "violation", label: "Violation", sign: "V" },
  { code: "M", name: "missing", label: "Missing", sign: "M" },
  { code: "R", name: "needs_review", label: "Needs review", sign: "?" },
  { code: "F", name: "fallback", label: "Fallback", sign: "F" },
  { code: "C", name: "compliant", label: "Compliant", sign: "✓" },
  { code: "N", name: "not_applicable", label: "Not applicable", sign: "–" },
];
const BY_CODE = Object.fromEntries(VERDICTS.map((one) => [one.code, one]));
const BY_NAME = Object.fromEntries(VERDICTS.map((one) => [one.name, one]));
const SEVERITIES = ["critical", "high", "medium", "low", "info"];
const SEVERITY_OF = { c: "critical", h: "high", m: "medium", l: "low", i: "info" };
const POSITIONS = { preferred: "Preferred", fallback: "Fallback", walk_away: "Walk-away" };
const KEPT_DETAILS = 64;

const byId = (id) => document.getElementById(id);

// Characters that show nothing, or turn what follows around so that a name like "fdp.exe" reads as another, are written out.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;
const TURNING = /[\u202a-\u202e\u2066-\u2069]/u;
const readable = (text) => text.replace(HIDDEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

// Children that are strings become text nodes; nothing is ever parsed as markup. A bdi is for names from outside.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "value" || name === "checked" || name === "disabled") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false);
  made.append(...(tag === "bdi" ? kept.map((name) => readable(name).replace(/\t/g, "\\t").replace(/\n/g, "\\n")) : kept));
  return made;
}

const overview = JSON.parse(byId("overview").textContent);
byId("overview").remove();
const heading = overview.heading;
const rules = overview.rules.map((rule, place) => ({ ...rule, place }));
const placeOfRule = new Map(rules.map((rule) => [rule.id, rule.place]));
const RULES = rules.length;

const documents = overview.documents.map(
  ([id, path, title, kind, format, pages, codes, severities, corrected, confidence, worth], index) => {
    const cut = path.lastIndexOf("/") + 1;
    let failures = 0;
    let most = 0;
    for (let place = 0; place < RULES; place += 1) {
      if (codes[place] === "V" || codes[place] === "M") failures += 1;
      if (worth[place] > most) most = worth[place];
    }
    const searched = `${path}\n${title ?? ""}`.toLowerCase();
    return { index, id, path, title, kind, format, pages, codes, severities, corrected, confidence, worth, failures, most, searched, folder: path.slice(0, cut), name: path.slice(cut) };
  },
);
overview.documents = null;
const indexOfDocument = new Map(documents.map((one) => [one.id, one.index]));
const indexOfPath = new Map(documents.map((one) => [one.path, one.index]));

// A finding is known by one number.
const key = (index, place) => index * RULES + place;
const indexOf = (finding) => Math.floor(finding / RULES);
const placeOf = (finding) => finding % RULES;
const codeOf = (finding) => documents[indexOf(finding)].codes[placeOf(finding)];
const severityOf = (finding) => SEVERITY_OF[documents[indexOf(finding)].severities[placeOf(finding)]];
const worthOf = (finding) => documents[indexOf(finding)].worth[placeOf(finding)];
const confidenceOf = (finding) => documents[indexOf(finding)].confidence[placeOf(finding)];

const changes = overview.changes.map(([path, rule, kind, before, after]) => {
  const index = indexOfPath.get(path);
  const place = placeOfRule.get(rule);
  const finding = index === undefined || place === undefined || documents[index].codes[place] === "." ? null : key(index, place);
  return { path, rule, kind, before, after, finding };
});
const changeOf = new Map(changes.filter((one) => one.finding !== null).map((one) => [one.finding, one]));
const CHANGE_LABELS = { new: "New failure", fixed: "Fixed", changed: "Changed" };

const details = new Map();

// A document's details; null while the page is still being read.
function detailsOf(index) {
  const kept = details.get(index);
  if (kept !== undefined) return kept;
  const block = byId(`d${index}`);
  // A block that is the last so far may not be whole yet.
  if (block === null || (document.readyState === "loading" && block.nextSibling === null)) return null;
  const parsed = JSON.parse(block.textContent);
  if (details.size >= KEPT_DETAILS) details.delete(details.keys().next().value);
  details.set(index, parsed);
  return parsed;
}

function findingOf(finding) {
  const found = detailsOf(indexOf(finding));
  return found === null ? null : (found.findings[rules[placeOf(finding)].id] ?? null);
}

const number = (value) => value.toLocaleString("en-US");
const percent = (value) => `${Math.round(value * 100)} %`;
const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
const cutAtWord = (text, most) => (text.length <= most ? text : `${text.slice(0, most - 1).replace(/\s+\S*$/, "")}…`);
const spaced = (name) => name.replaceAll("_", " ");

// 2026-03-02T02:00:00+00:00 as a person writes it; anything else as it is.
function when(time) {
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}).*(?:Z|\+00:00)$/.exec(time ?? "");
  return parts ? `${parts[1]} ${parts[2]} UTC` : (time ?? "");
}

function badge(code, { label = false, title = null } = {}) {
  const verdict = BY_CODE[code];
  const sign = el("span", { class: `sign sign-${code}`, title: title ?? verdict.label, "aria-hidden": label ? "true" : null, role: label ? null : "img", "aria-label": label ? null : verdict.label }, verdict.sign);
  return label ? el("span", { class: "badge" }, sign, el("span", {}, verdict.label)) : sign;
}

const severityMark = (severity) => el("span", { class: `severity severity-${severity}` }, severity);

// A name from outside stands in a bdi, so that its writing direction stays its own.
function nameOf(one) {
  return el("span", { class: "document-name", title: readable(one.path) + (one.title ? `\n${readable(one.title)}` : "") }, el("bdi", { class: "name" }, one.name), one.folder ? " " : null, el("bdi", { class: "folder" }, one.folder));
}
