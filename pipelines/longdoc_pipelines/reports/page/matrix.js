// The matrix: a row a document, a column a rule; arrows move, Enter opens.

let matrixRows = null;
let matrixOrder = [];
let matrixPasses = new Set();
const cursor = { row: 0, place: 0 };
const HEADER = 50; // characters of a rule's title that two lines of a column's head hold

function makeMatrix() {
  const sorts = [
    ["name", "Document", "corner"],
    ["failures", "Failures", "figure"],
    ["worth", "Worth", "figure"],
  ].map(([sort, label, kind]) => el("th", { scope: "col", class: kind, "data-sort": sort }, el("button", { type: "button", class: "sort", onclick: () => filter({ sort }), title: sort === "worth" ? "Sort by the worth of a look" : `Sort by ${sort}` }, label)));
  const columns = rules.map((rule) =>
    el("th", { scope: "col", class: "rule", "data-rule": rule.id, title: `${rule.id}: ${rule.title} · ${rule.severity} · ${rule.requirement}` }, el("button", { type: "button", class: "rule-name", "aria-label": rule.title, onclick: () => filter({ rule: state.rule === rule.id ? "" : rule.id }) }, el("span", {}, cutAtWord(rule.title, HEADER)))),
  );
  const table = byId("matrix");
  table.tHead.append(el("tr", { "aria-rowindex": "1" }, ...sorts, ...columns));
  table.setAttribute("aria-colcount", String(RULES + 3));
  matrixRows = new Rows(table, byId("matrix-scroller"), () => RULES + 3, drawDocument);
  table.tBodies[0].addEventListener("click", (event) => {
    const cell = event.target.closest("td[data-finding]");
    if (cell === null) return;
    moveTo(Number(cell.dataset.row), placeOf(Number(cell.dataset.finding)));
    openPane(Number(cell.dataset.finding));
  });
  table.addEventListener("keydown", moveByKey);
}

function drawDocument(row) {
  const one = documents[matrixOrder[row]];
  const cells = [];
  for (let place = 0; place < RULES; place += 1) cells.push(drawCell(one, row, place));
  return el(
    "tr",
    { "data-document": one.id },
    el("th", { scope: "row" }, nameOf(one)),
    el("td", { class: one.failures ? "figure some" : "figure" }, one.failures ? number(one.failures) : "·"),
    el("td", { class: "figure" }, one.most.toFixed(2)),
    ...cells,
  );
}

function drawCell(one, row, place) {
  const code = one.codes[place];
  if (code === ".") return el("td", { class: "cell empty" });
  const finding = key(one.index, place);
  const change = changeOf.get(finding);
  const mark = marked(finding);
  const corrected = one.corrected[place] === "p";
  const said = [
    BY_CODE[code].label,
    rules[place].title,
    `${SEVERITY_OF[one.severities[place]]}, confidence ${percent(one.confidence[place])}`,
    change ? `${CHANGE_LABELS[change.kind]} since the last run` : null,
    corrected ? "decided by a person" : null,
    mark ? `you: ${spaced(mark.verdict)}` : null,
  ].filter(Boolean);
  const kind = ["cell", matrixPasses === null || matrixPasses.has(finding) ? null : "dim", change ? `changed changed-${change.kind}` : null, corrected ? "corrected" : null, mark ? "marked" : null];
  const here = cursor.row === row && cursor.place === place;
  return el("td", { class: kind.filter(Boolean).join(" "), "data-finding": finding, "data-row": row, tabindex: here ? "0" : "-1", title: said.join("\n"), "aria-label": said.join(", ") }, el("span", { class: `sign sign-${code}`, "aria-hidden": "true" }, BY_CODE[code].sign));
}

function showMatrix(selected, keep) {
  matrixOrder = sortedDocuments(selected.documents);
  matrixPasses = filtered() ? new Set(selected.findings) : null;
  cursor.row = Math.min(cursor.row, Math.max(0, matrixOrder.length - 1));
  for (const one of byId("matrix").tHead.querySelectorAll("[data-sort]")) {
    one.setAttribute("aria-sort", one.dataset.sort === sortOf("matrix") ? (sortOf("matrix") === "name" ? "ascending" : "descending") : "none");
  }
  for (const one of byId("matrix").tHead.querySelectorAll("[data-rule]")) one.classList.toggle("chosen", one.dataset.rule === state.rule);
  matrixRows.set(matrixOrder.length, { keep });
}

function moveTo(row, place, { focus = false } = {}) {
  const table = byId("matrix");
  table.querySelector('td[tabindex="0"]')?.setAttribute("tabindex", "-1");
  cursor.row = Math.max(0, Math.min(matrixOrder.length - 1, row));
  cursor.place = Math.max(0, Math.min(RULES - 1, place));
  if (focus) matrixRows.reveal(cursor.row);
  const cell = table.querySelector(`td[data-row="${cursor.row}"][data-finding="${key(matrixOrder[cursor.row] ?? 0, cursor.place)}"]`);
  cell?.setAttribute("tabindex", "0");
  if (focus && cell) {
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

const STEPS = { ArrowUp: [-1, 0], k: [-1, 0], ArrowDown: [1, 0], j: [1, 0], ArrowLeft: [0, -1], h: [0, -1], ArrowRight: [0, 1], l: [0, 1] };

// True where the key moved the cursor or opened a finding.
function moveByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("button")) return false;
  const page = Math.max(1, Math.floor(byId("matrix-scroller").clientHeight / matrixRows.height) - 4);
  const { row, place } = cursor;
  if (Object.hasOwn(STEPS, event.key)) moveTo(row + STEPS[event.key][0], place + STEPS[event.key][1], { focus: true });
  else if (event.key === "PageDown") moveTo(row + page, place, { focus: true });
  else if (event.key === "PageUp") moveTo(row - page, place, { focus: true });
  else if (event.key === "Home") moveTo(event.ctrlKey ? 0 : row, 0, { focus: true });
  else if (event.key === "End") moveTo(row, RULES - 1, { focus: true });
  else if (event.key === "Enter" || event.key === " ") {
    const finding = key(matrixOrder[row] ?? 0, place);
    if (matrixOrder.length === 0 || codeOf(finding) === ".") return false;
    openPane(finding);
  } else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}
