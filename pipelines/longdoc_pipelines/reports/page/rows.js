// A table of any length, of which only the rows in sight are in the page. All rows are of one height.

const NOTHING = {
  matrix: "No document was reviewed.",
  queue: "Nothing to look at: nothing failed, and nothing needs review.",
  findings: "No document was reviewed.",
  changes: "Nothing has changed.",
  failed: "Every file was reviewed.",
};
const nothingToShow = () => (filtered() || state.text ? "Nothing passes the filter." : NOTHING[state.view]);

class Rows {
  constructor(table, scroller, columns, draw) {
    this.scroller = scroller;
    this.body = table.tBodies[0];
    this.head = table.tHead;
    this.columns = columns;
    this.drawRow = draw;
    this.table = table;
    this.count = 0;
    this.height = 0;
    this.first = -1;
    this.last = -1;
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    // A narrower window may give rows another height.
    new ResizeObserver(() => {
      const height = this.rowHeight();
      const other = height !== this.height;
      this.height = height;
      this.draw(other);
    }).observe(scroller);
  }

  set(count, { keep = false } = {}) {
    this.count = count;
    this.table.setAttribute("aria-rowcount", String(count + 1));
    if (!keep) this.scroller.scrollTop = 0;
    this.draw(true);
  }

  rowHeight() {
    return parseFloat(getComputedStyle(this.scroller).getPropertyValue("--row"));
  }

  draw(all = false) {
    if (this.scroller.clientHeight === 0) return;
    this.height ||= this.rowHeight();
    const seen = Math.ceil((this.scroller.clientHeight - this.head.offsetHeight) / this.height);
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / this.height) - 8);
    const last = Math.min(this.count, first + Math.max(1, seen) + 16);
    if (!all && first === this.first && last === this.last) return;
    this.first = first;
    this.last = last;
    const held = this.body.contains(document.activeElement) ? document.activeElement.dataset.finding : undefined;
    const rows = [this.space(first)];
    for (let place = first; place < last; place += 1) {
      const row = this.drawRow(place);
      row.setAttribute("aria-rowindex", String(place + 2));
      rows.push(row);
    }
    rows.push(this.space(this.count - last));
    if (this.count === 0) rows.push(el("tr", {}, el("td", { class: "nothing", colspan: String(this.columns()) }, nothingToShow())));
    this.body.replaceChildren(...rows);
    if (held !== undefined) this.body.querySelector(`:is(button, td)[data-finding="${held}"]`)?.focus({ preventScroll: true });
  }

  space(rows) {
    const cell = el("td", { colspan: String(this.columns()) });
    cell.style.height = `${rows * this.height}px`;
    return el("tr", { class: "space", "aria-hidden": "true" }, cell);
  }

  reveal(place) {
    this.height ||= this.rowHeight();
    const top = place * this.height;
    const room = this.scroller.clientHeight - this.head.offsetHeight - 16;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + this.height > this.scroller.scrollTop + room) this.scroller.scrollTop = top + this.height - room;
    this.draw();
  }
}
