// The source of a finding: the page's picture with the passage marked, or the text around it.

const shown = { passages: [], place: 0 };

// Every place that a finding speaks of, each once: what it cites, what its values were read from, the nearest miss, what a person meant.
function passagesOf(found) {
  const passages = [];
  const add = (citation, label) => {
    if (citation === null || citation === undefined) return;
    const same = passages.find(({ citation: one }) => one.path === citation.path && one.start <= citation.start && citation.end <= one.end);
    if (same === undefined) passages.push({ citation, label });
  };
  found.citations.forEach((citation, place) => add(citation, `Passage ${place + 1}`));
  found.values.forEach((value) => add(value.citation, "Value"));
  add(found.searched?.nearest, "Nearest passage");
  add(found.correction?.citation, "Correction");
  return passages;
}

const pageOf = (citation) => (citation.page === null ? null : citation.label && citation.label !== String(citation.page) ? `page ${citation.page} (printed ${citation.label})` : `page ${citation.page}`);
const placeOfCitation = (citation) => [pageOf(citation), `characters ${number(citation.start)}–${number(citation.end)}`].filter(Boolean).join(" · ");

function showPassages(index, found) {
  shown.passages = passagesOf(found);
  shown.texts = detailsOf(index).texts;
  shown.index = index;
  const buttons = shown.passages.map(({ citation, label }, place) =>
    el("button", { type: "button", class: "source-tab", "data-passage": place, onclick: () => showPassage(place) }, label, citation.page === null ? null : el("span", { class: "about" }, ` p. ${citation.page}`)),
  );
  byId("source-tabs").replaceChildren(...buttons);
  if (shown.passages.length) showPassage(0);
  else showNothing(found);
}

function showNothing(found) {
  byId("source-place").replaceChildren();
  const said = found.searched === null ? "This verdict rests on no passage." : "Nothing was found that comes near.";
  byId("source-view").replaceChildren(el("p", { class: "nothing" }, said));
  byId("source-larger").hidden = true;
}

function showPassage(place) {
  shown.place = place;
  const { citation } = shown.passages[place];
  for (const one of byId("source-tabs").children) one.setAttribute("aria-pressed", String(Number(one.dataset.passage) === place));
  const elsewhere = citation.path === documents[shown.index].path ? null : el("span", { class: "elsewhere" }, "in ", el("bdi", {}, citation.path));
  byId("source-place").replaceChildren(...[el("span", {}, placeOfCitation(citation)), citation.section.length ? el("span", { class: "section" }, citation.section.join(" › ")) : null, elsewhere].filter(Boolean));
  const view = byId("source-view");
  const trouble = citation.trouble ? el("p", { class: "notice" }, citation.trouble) : null;
  const turned = TURNING.test(citation.quote) ? el("p", { class: "notice" }, `This passage holds characters that turn the direction of writing, so that it may read differently from what was judged: ${readable(citation.quote)}`) : null;
  const seen = citation.pictures ? picturesOf(citation) : citation.text !== undefined ? textOf(citation) : quoteOf(citation);
  view.replaceChildren(...[trouble, turned, seen].filter(Boolean));
  byId("source-larger").hidden = !citation.pictures;
  enlarge(false);
  view.scrollTop = 0;
  const mark = view.querySelector("mark");
  if (mark !== null) view.scrollTop = mark.offsetTop - view.offsetTop - view.clientHeight / 3;
}

const quoteOf = (citation) => el("blockquote", { class: "quote" }, citation.quote);

// A passage that goes on over a page's end is shown on each of its pages.
function picturesOf(citation) {
  const pictures = citation.pictures.map((name, place) => pictureOf(citation, name, place));
  const over = pictures.length > 1 ? el("p", { class: "cut" }, `The passage stands on ${pictures.length} pages, each shown here.`) : null;
  return el("figure", { class: "page-figure" }, ...[over, ...pictures].filter(Boolean), el("figcaption", {}, quoteOf(citation)));
}

function pictureOf(citation, name, place) {
  const alt = place === 0 ? `${pageOf(citation)} with the passage marked: ${citation.quote}` : `The next page with the rest of the passage marked`;
  const picture = el("img", { class: "page", alt, decoding: "async" });
  picture.addEventListener("error", () => picture.replaceWith(el("p", { class: "notice" }, `The picture of this page is not there. Keep the folder ${heading.pictures} beside this file.`)));
  if (place === 0) {
    picture.addEventListener("load", () => {
      const view = byId("source-view");
      view.scrollTop = picture.clientHeight * citation.down - view.clientHeight / 3;
    });
  }
  picture.addEventListener("click", () => enlarge());
  picture.src = `${encodeURIComponent(heading.pictures)}/${encodeURIComponent(name)}`;
  return picture;
}

// The page larger or as wide as the pane; what is in sight stays in sight.
function enlarge(larger = byId("source-larger").getAttribute("aria-pressed") !== "true") {
  const view = byId("source-view");
  const share = view.scrollTop / Math.max(1, view.scrollHeight);
  byId("source-larger").setAttribute("aria-pressed", String(larger));
  view.querySelector(".page-figure")?.classList.toggle("large", larger);
  if (larger) view.scrollTop = share * view.scrollHeight;
}

// Offsets count code points, so the text is taken apart by code points and not by what JavaScript calls characters.
function textOf(citation) {
  const { length, windows } = shown.texts[citation.text];
  const [start, text] = windows.findLast(([from]) => from <= citation.start);
  const points = Array.from(text);
  const others = shown.passages.map((one) => one.citation).filter((one) => one.text === citation.text && one.start >= start && one.end <= start + points.length && (one.end <= citation.start || one.start >= citation.end));
  const parts = [];
  let place = start;
  const upTo = (end) => {
    if (end > place) parts.push(points.slice(place - start, end - start).join(""));
    place = Math.max(place, end);
  };
  for (const one of [...others, citation].sort((left, right) => left.start - right.start)) {
    if (one.start < place) continue;
    upTo(one.start);
    parts.push(el(one === citation ? "mark" : "span", { class: one === citation ? "passage" : "other-passage" }, points.slice(one.start - start, one.end - start).join("")));
    place = one.end;
  }
  upTo(start + points.length);
  const body = el("div", { class: "text", dir: "auto", "data-start": start }, ...parts);
  return el("div", {}, start > 0 ? el("p", { class: "cut" }, `… ${number(start)} characters before`) : null, body, start + points.length < length ? el("p", { class: "cut" }, `${number(length - start - points.length)} characters after …`) : null);
}

// What a person selected in the text, as a place in the document; null where nothing is selected there.
function selectedPassage() {
  const body = byId("source-view").querySelector(".text");
  const selection = window.getSelection();
  if (body === null || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!body.contains(range.startContainer) || !body.contains(range.endContainer)) return null;
  const before = document.createRange();
  before.setStart(body, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const start = Number(body.dataset.start) + Array.from(before.toString()).length;
  const quote = range.toString();
  if (quote.trim() === "") return null;
  const { citation } = shown.passages[shown.place];
  return { path: citation.path, start, end: start + Array.from(quote).length, quote, page: citation.page };
}
