// What a person decides here: accepted or corrected verdicts, kept in this browser, exported as JSON Lines for `longdoc verdict --apply`.

const STORE = `longdoc ${heading.fingerprint} ${heading.started}`;
const DECIDABLE = VERDICTS.filter((one) => one.name !== "needs_review");
const marks = new Map();
let exported = true;

// A browser may forbid storage to a page from a disk; marks then live as long as the page does.
const storage = (() => {
  try {
    const found = window.localStorage;
    found.setItem(`${STORE} try`, "");
    found.removeItem(`${STORE} try`);
    return found;
  } catch {
    return null;
  }
})();
let person = storage?.getItem("longdoc name") ?? "";

const marked = (finding) => marks.get(finding) ?? null;

function readMarks() {
  let kept = [];
  try {
    kept = JSON.parse(storage?.getItem(STORE) ?? "[]");
  } catch (error) {
    console.warn("longdoc: the corrections kept in this browser cannot be read and are left out", error);
  }
  for (const one of Array.isArray(kept) ? kept : []) {
    const index = indexOfDocument.get(one?.document_id);
    const place = placeOfRule.get(one?.rule);
    if (index !== undefined && place !== undefined && BY_NAME[one.verdict] && BY_NAME[one.was]) marks.set(key(index, place), one);
  }
  exported = marks.size === 0;
}

function marksChanged() {
  exported = false;
  try {
    storage?.setItem(STORE, JSON.stringify([...marks.values()]));
  } catch (error) {
    byId("marks-said").textContent = `This browser keeps no more (${error.name}): export what you have.`;
  }
  byId("marks-count").textContent = number(marks.size);
  if (byId("marks").open) fillMarks();
  if (openFinding() !== null) fillDecide(openFinding());
  refresh({ keep: true });
}

function decide(finding, verdict, note, citation) {
  const found = findingOf(finding);
  const one = documents[indexOf(finding)];
  marks.delete(finding);
  marks.set(finding, {
    document_id: one.id,
    path: one.path,
    rule: rules[placeOf(finding)].id,
    rule_version: found.rule_version,
    verdict,
    was: found.machine ?? found.verdict,
    by: person,
    at: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"),
    note,
    citation: citation === null ? null : { start: citation.start, end: citation.end, quote: citation.quote, page: citation.page },
    playbook: heading.playbook,
  });
  marksChanged();
  byId("decide-said").textContent = "Kept. Export it with your other corrections when you are done.";
  byId("accept").focus();
}

function undo(finding) {
  marks.delete(finding);
  marksChanged();
}

// What accepting would say: the verdict, or what it leans to where a person is to decide; null where the machine says nothing.
function acceptable(finding) {
  const found = findingOf(finding);
  if (found === null) return null;
  return found.verdict === "needs_review" ? found.leans : found.verdict;
}

function named() {
  const field = byId("decide-by");
  if (field !== null) person = field.value.trim();
  if (person !== "") {
    storage?.setItem("longdoc name", person);
    return true;
  }
  byId("decide-said").textContent = "Give your name first: the audit log keeps who decided.";
  field?.focus();
  return false;
}

function accept() {
  const finding = openFinding();
  const verdict = finding === null ? null : acceptable(finding);
  if (verdict === null || !named()) return;
  decide(finding, verdict, "", null);
}

// Pressing a button would take back what is selected in the text.
const keepSelection = (event) => event.preventDefault();

function fillDecide(finding) {
  const mark = marked(finding);
  const verdict = acceptable(finding);
  const label = verdict === null ? "Accept" : `Accept: ${BY_NAME[verdict].label}`;
  const parts = [el("h3", {}, "Your verdict")];
  if (mark !== null) {
    parts.push(
      el("p", { class: "mark" }, badge(BY_NAME[mark.verdict].code, { label: true }), el("span", {}, " by ", el("bdi", {}, mark.by), `, ${when(mark.at)}`), el("button", { type: "button", onclick: () => undo(finding) }, "Undo")),
      mark.note ? el("p", { class: "language" }, mark.note) : "",
      mark.citation ? el("p", {}, el("q", {}, mark.citation.quote)) : "",
    );
  }
  parts.push(
    el("label", { class: "by" }, "Your name ", el("input", { id: "decide-by", value: person, autocomplete: "name", oninput: (event) => (person = event.target.value.trim()) })),
    el("p", { class: "row" }, el("button", { type: "button", id: "accept", class: "primary", disabled: verdict === null, "aria-keyshortcuts": "a", onclick: accept }, label, " ", el("kbd", {}, "a")), el("button", { type: "button", id: "correct", "aria-expanded": "false", "aria-keyshortcuts": "c", onmousedown: keepSelection, onclick: correct }, "Correct … ", el("kbd", {}, "c"))),
    el("div", { id: "correcting", hidden: true }),
  );
  byId("decide-parts").replaceChildren(...parts);
}

// Whether a correction is being written, which no key may throw away.
const correcting = () => byId("correcting")?.hidden === false;

function correct() {
  const finding = openFinding();
  if (finding === null || findingOf(finding) === null) return;
  const own = shown.passages.filter(({ citation }) => citation.path === documents[indexOf(finding)].path);
  const current = marked(finding)?.verdict ?? findingOf(finding).verdict;
  const choices = DECIDABLE.map((one) => el("label", { class: "choice" }, el("input", { type: "radio", name: "verdict", value: one.name, checked: one.name === current }), badge(one.code, { label: true })));
  const passages = el("select", { id: "correct-passage" }, el("option", { value: "" }, "No passage"), ...own.map(({ citation, label }, place) => el("option", { value: String(place) }, `${label}: ${placeOfCitation(citation)}`)));
  const selection = selectedPassage();
  if (selection !== null && selection.path === documents[indexOf(finding)].path) {
    passages.append(el("option", { value: "selection" }, `What I selected: ${placeOfCitation(selection)}`));
    passages.value = "selection";
  }
  const panel = byId("correcting");
  panel.replaceChildren(
    el("fieldset", {}, el("legend", {}, "Verdict"), ...choices),
    el("label", { class: "stacked" }, "Note", el("textarea", { id: "correct-note", rows: "3", value: marked(finding)?.note ?? "" })),
    el("label", { class: "stacked" }, "It rests on", passages),
    own.some(({ citation }) => citation.text !== undefined) ? el("p", { class: "about small" }, "To point at other words, select them in the text first, then press Correct.") : "",
    el("p", { class: "row" }, el("button", { type: "submit", id: "correct-save", class: "primary" }, "Save"), el("button", { type: "button", onclick: () => fillDecide(finding) }, "Cancel")),
  );
  panel.hidden = false;
  byId("correct").setAttribute("aria-expanded", "true");
  byId("decide").onsubmit = (event) => {
    event.preventDefault();
    const verdict = panel.querySelector("input[name=verdict]:checked")?.value;
    if (verdict === undefined) {
      byId("decide-said").textContent = "Choose a verdict.";
      return;
    }
    if (!named()) return;
    const place = passages.value;
    decide(finding, verdict, byId("correct-note").value.trim(), place === "" ? null : place === "selection" ? selection : own[Number(place)].citation);
  };
  (panel.querySelector("input:checked") ?? panel.querySelector("input")).focus();
  panel.scrollIntoView({ block: "nearest" });
}

function fillMarks() {
  byId("marks-by").value = person;
  const lines = [...marks].map(([finding, one]) =>
    el(
      "li",
      {},
      el("div", {}, el("button", { type: "button", class: "open", onclick: () => (byId("marks").close(), openPane(finding)) }, el("bdi", { class: "name" }, one.path)), el("span", { class: "about" }, ` ${rules[placeOf(finding)].title}`)),
      el("div", {}, badge(BY_NAME[one.was].code, { label: true }), " → ", badge(BY_NAME[one.verdict].code, { label: true }), el("span", { class: "about" }, " ", el("bdi", {}, one.by), `, ${when(one.at)}`)),
      one.note ? el("div", { class: "language" }, one.note) : "",
      el("button", { type: "button", class: "quiet", onclick: () => undo(finding) }, "Undo"),
    ),
  );
  byId("marks-list").replaceChildren(...(lines.length ? lines : [el("li", { class: "about" }, "None yet. Open a finding and accept it or correct it.")]));
  byId("marks-export").disabled = marks.size === 0;
  byId("marks-undo").disabled = marks.size === 0;
}

// A line a correction. Line ends that only some readers know are escaped, so that every reader counts the same lines.
function exportMarks() {
  const lines = [...marks.values()].map((one) => `${JSON.stringify(one).replace(/[\u0085\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`);
  const address = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  el("a", { href: address, download: "corrections.jsonl" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  exported = true;
  byId("marks-said").textContent = `${counted(marks.size, "correction")} written to corrections.jsonl.`;
}

function makeMarks() {
  readMarks();
  byId("marks-count").textContent = number(marks.size);
  byId("open-marks").addEventListener("click", () => {
    fillMarks();
    byId("marks").showModal();
  });
  byId("marks-close").addEventListener("click", () => byId("marks").close());
  byId("marks-export").addEventListener("click", exportMarks);
  byId("marks-undo").addEventListener("click", () => undo([...marks.keys()].at(-1)));
  byId("marks-by").addEventListener("input", (event) => {
    person = event.target.value.trim();
    storage?.setItem("longdoc name", person);
  });
  window.addEventListener("beforeunload", (event) => !exported && storage === null && event.preventDefault());
}
