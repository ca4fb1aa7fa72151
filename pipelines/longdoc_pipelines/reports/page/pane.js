// A finding: its source on the left, the rule, the verdict and what a person makes of it on the right.

let paneQueue = [];

const openFinding = () => (byId("pane").open ? state.open : null);

function openPane(finding) {
  state.open = finding;
  paneQueue = queueOf(select().findings).all;
  fillPane();
  if (!byId("pane").open) byId("pane").showModal();
  byId("pane-title").focus();
  writeAddress();
  if (byId("source-view").querySelector("mark") !== null) showPassage(shown.place);
}

// The focus goes back to where the finding stands, at once: the dialog tells of its end only later, when the next key may have been pressed.
function closePane() {
  byId("pane").close();
  const finding = state.open;
  if (finding === null) return;
  state.open = null;
  writeAddress();
  refresh({ keep: true });
  if (state.view === "matrix") {
    const row = matrixOrder.indexOf(indexOf(finding));
    if (row >= 0) moveTo(row, placeOf(finding), { focus: true });
  } else byId(`view-${state.view}`).querySelector(`button[data-finding="${finding}"]`)?.focus();
}

// The next (1) or the one before (-1) in the queue; the first where the open one is not in it.
function stepQueue(step) {
  const queue = byId("pane").open ? paneQueue : queueOf(select().findings).all;
  if (queue.length === 0) return;
  const place = queue.indexOf(state.open);
  const next = place < 0 ? 0 : place + step;
  if (next >= 0 && next < queue.length) openPane(queue[next]);
}

function fillPane() {
  const finding = state.open;
  const one = documents[indexOf(finding)];
  const rule = rules[placeOf(finding)];
  byId("pane-badge").replaceChildren(badge(codeOf(finding)));
  byId("pane-title").textContent = rule.title;
  byId("pane-document").replaceChildren(el("bdi", { class: "name" }, one.path), one.title ? el("bdi", { class: "about" }, one.title) : "");
  const place = paneQueue.indexOf(finding);
  byId("pane-place").textContent = place < 0 ? "" : `${number(place + 1)} of ${number(paneQueue.length)} in the queue`;
  byId("pane-previous").disabled = place <= 0;
  byId("pane-next").disabled = paneQueue.length === 0 || place === paneQueue.length - 1;
  const found = findingOf(finding);
  if (found === null) {
    const said = document.readyState === "loading" ? "The report is still being read." : "This report is not whole: the part about this document is missing. Write it again.";
    byId("source-tabs").replaceChildren();
    byId("source-place").replaceChildren();
    byId("source-view").replaceChildren(el("p", { class: "notice" }, said));
    byId("pane-verdict").replaceChildren();
    byId("decide-parts").replaceChildren();
    return;
  }
  showPassages(one.index, found);
  byId("pane-verdict").replaceChildren(...verdictParts(finding, found, rule));
  fillDecide(finding);
  byId("decide-said").textContent = "";
  byId("pane").querySelector(".verdict").scrollTop = 0;
}

function verdictParts(finding, found, rule) {
  const facts = [];
  const add = (label, ...value) => facts.push(el("dt", {}, label), el("dd", {}, ...value));
  if (found.reason) add("Reason", found.reason);
  if (found.test) add("Test that decided", el("code", {}, found.test));
  if (found.values.length) add("Values read", el("ul", { class: "plain" }, ...found.values.map(valueOf)));
  if (found.leans) add("Leans to", badge(BY_NAME[found.leans].code, { label: true }));
  add("Confidence", meter(found.confidence));
  if (found.likeness !== null) add("Likeness of wording", meter(found.likeness), found.position ? el("span", { class: "tag" }, POSITIONS[found.position]) : null);
  if (found.searched !== null) add("What was searched", searchedOf(found.searched));
  if (found.amended_by) add("Amended by", el("bdi", {}, found.amended_by));
  if (found.waiver) add("Waiver", found.waiver);
  if (found.machine && found.machine !== found.verdict) add("The machine said", badge(BY_NAME[found.machine].code, { label: true }));
  if (found.correction) add("Decided by a person", ...correctionOf(found.correction, found.rule_version));
  const change = changeOf.get(finding);
  if (change) add("Since the last run", `${CHANGE_LABELS[change.kind]}; it was ${change.before === null ? "not there" : spaced(change.before)}`);
  const { amends, amended_by: amended } = detailsOf(indexOf(finding));
  if (amends) add("This document amends", el("bdi", {}, amends));
  if (amended.length) add("This document is amended by", ...amended.map((path) => el("div", {}, el("bdi", {}, path))));
  add("Worth of a look", found.worth.toFixed(2));
  return [
    el("p", { class: "headline" }, badge(codeOf(finding), { label: true }), severityMark(found.severity)),
    el("dl", { class: "parts" }, ...facts),
    el("h3", {}, "The rule ", el("code", {}, rule.id)),
    ruleParts(rule, found.position),
    el("p", { class: "about small" }, `Rule version ${found.rule_version} · ${found.model}`),
  ];
}

function meter(value) {
  const filled = el("span", { class: "meter-fill" });
  filled.style.width = `${100 * value}%`;
  return el("span", { class: "metered" }, el("span", { class: "meter", "aria-hidden": "true" }, filled), percent(value));
}

function valueOf(value) {
  const { citation } = value;
  const place = shown.passages.findIndex(({ citation: one }) => one.path === citation.path && one.start <= citation.start && citation.end <= one.end);
  return el("li", {}, el("strong", {}, value.normalised), " ", el("span", { class: "about" }, spaced(value.kind)), el("button", { type: "button", class: "quoted", title: "Show this passage", onclick: () => showPassage(place) }, el("q", {}, citation.quote), el("span", { class: "about" }, ` ${placeOfCitation(citation)}`)));
}

function searchedOf(searched) {
  const said = [counted(searched.sections, "section")];
  if (searched.pages !== null) said.push(counted(searched.pages, "page"));
  const parts = [el("p", {}, `${said.join(", ")}.`)];
  if (searched.unread.length) parts.push(el("p", { class: "notice" }, `Without text that could be read: ${searched.unread.length === 1 ? "page" : "pages"} ${searched.unread.join(", ")}.`));
  if (searched.nearest) parts.push(el("p", {}, `The nearest passage, at ${percent(searched.score)}: `, el("q", {}, searched.nearest.quote)));
  return el("div", {}, ...parts);
}

function correctionOf(correction, version) {
  const parts = [el("p", {}, badge(BY_NAME[correction.verdict].code, { label: true }), " in place of ", badge(BY_NAME[correction.was].code, { label: true })), el("p", {}, el("bdi", {}, correction.by), `, ${when(correction.at)}`)];
  if (correction.note) parts.push(el("p", { class: "language" }, correction.note));
  if (correction.rule_version !== version) parts.push(el("p", { class: "notice" }, `It was about version ${correction.rule_version} of the rule; this is version ${version}.`));
  return parts;
}

function makePane() {
  byId("pane-close").addEventListener("click", closePane);
  byId("pane-previous").addEventListener("click", () => stepQueue(-1));
  byId("pane-next").addEventListener("click", () => stepQueue(1));
  byId("source-larger").addEventListener("click", () => enlarge());
  byId("pane").addEventListener("close", () => !byId("pane").open && closePane());
  byId("pane").addEventListener("cancel", (event) => {
    event.preventDefault();
    if (correcting()) {
      fillDecide(state.open);
      byId("correct").focus();
    } else closePane();
  });
  for (const dialog of document.querySelectorAll("dialog")) {
    // A click beside a dialog closes it; one inside hits something of it.
    dialog.addEventListener("click", (event) => event.target === dialog && (dialog.id === "pane" ? closePane() : dialog.close()));
  }
}
