// What is printed beside head and charts: the matrix, and what failed or needs review among what the filter shows.

const MOST_PRINTED = 2000;
const WIDEST_PRINTED = 30; // rules that stand side by side on a sheet
const LONGEST_PRINTED = 1000; // documents of the printed matrix

function printedMatrix(order) {
  if (order.length === 0 || order.length > LONGEST_PRINTED || RULES > WIDEST_PRINTED) return [];
  const head = el("tr", {}, el("th", { scope: "col" }, "Document"), ...rules.map((rule) => el("th", { scope: "col", class: "rule" }, el("span", {}, cutAtWord(rule.title, HEADER)))));
  const rows = order.map((index) => el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, documents[index].name)), ...[...documents[index].codes].map((code) => el("td", {}, code === "." ? "" : badge(code)))));
  const legend = el("p", { class: "legend-line" }, ...VERDICTS.flatMap((verdict) => [badge(verdict.code, { label: true }), " "]));
  return [el("h2", {}, "Documents by rules"), legend, el("table", { class: "printed-matrix" }, el("thead", {}, head), el("tbody", {}, ...rows))];
}

function writeForPrint() {
  const selected = select();
  const queue = queueOf(selected.findings).all.sort(bySeverity);
  const listed = queue.slice(0, MOST_PRINTED).map((finding) => {
    const found = findingOf(finding);
    const quotes = (found?.citations ?? []).map((citation) => el("blockquote", {}, citation.quote, el("footer", {}, placeOfCitation(citation))));
    return el(
      "article",
      {},
      el("h3", {}, badge(codeOf(finding), { label: true }), " ", rules[placeOf(finding)].title, " ", severityMark(severityOf(finding))),
      el("p", { class: "where" }, el("bdi", {}, documents[indexOf(finding)].path)),
      el("p", {}, found?.reason ?? "", found?.test ? el("code", {}, ` ${found.test}`) : "", ` Confidence ${percent(confidenceOf(finding))}.`),
      ...quotes,
      found?.searched ? searchedOf(found.searched) : "",
    );
  });
  const left = queue.length - listed.length;
  const said = `What failed or needs review${filtered() || state.text ? ", as filtered" : ""}: ${counted(queue.length, "finding")}${left > 0 ? `, of which the gravest ${number(listed.length)} are printed; filter to print others` : ""}`;
  byId("printed").replaceChildren(...printedMatrix(sortedDocuments(selected.documents)), el("h2", {}, said), ...listed);
}
