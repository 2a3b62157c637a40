
"use strict";
// Exact values under the pointer, or with the arrow keys: read from the table behind the plots.
for (const chart of document.querySelectorAll("svg.chart[data-table]")) {
  const table = document.getElementById(chart.dataset.table);
  if (!table) continue;
  const columns = chart.dataset.columns.split(" ").map(Number);
  const x = chart.dataset.x.split(" ").map(Number), y = chart.dataset.y.split(" ");
  const low = Number(y[0]), high = Number(y[1]), height = Number(y[3]), isLog = y[2] === "log";
  const head = Array.from(table.tHead.rows[0].cells, c => c.textContent);
  const rows = Array.from(table.tBodies[0].rows, r => Array.from(r.cells, c => c.textContent));
  const frame = chart.querySelector(".frame"), cursor = chart.querySelector(".cursor");
  const readout = chart.parentNode.querySelector(".readout"), before = readout.textContent;
  const classes = Array.from(chart.querySelectorAll("path.line"), p => p.classList[1]);
  let at = rows.length - 1;
  const make = (name, values) => {
    const e = document.createElementNS(chart.namespaceURI, name);
    for (const key of Object.keys(values)) e.setAttribute(key, values[key]);
    cursor.append(e);
  };
  const show = i => {
    at = Math.max(0, Math.min(rows.length - 1, i));
    const left = 100 * (Number(rows[at][0]) - x[0]) / (x[1] - x[0]) + "%";
    cursor.replaceChildren();
    make("line", { x1: left, x2: left, y1: 0, y2: height });
    columns.forEach((c, k) => {
      const value = parseFloat(rows[at][c]) / (rows[at][c].endsWith("%") ? 100 : 1);
      if (!Number.isFinite(value)) return;
      const share = isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
      make("circle", { cx: left, cy: height * (1 - share), r: 4, class: "dot " + classes[k] });
    });
    readout.textContent = "epoch " + rows[at][0] + ": " + columns.map(c => head[c] + " " + (rows[at][c] || "–")).join(" · ");
  };
  const hide = () => { cursor.replaceChildren(); readout.textContent = before; };
  chart.addEventListener("pointermove", e => {
    const box = frame.getBoundingClientRect();
    const epoch = x[0] + (x[1] - x[0]) * (e.clientX - box.left) / box.width;
    show(rows.reduce((b, r, i) => Math.abs(rows[b][0] - epoch) > Math.abs(r[0] - epoch) ? i : b, 0));
  });
  chart.addEventListener("pointerleave", hide);
  chart.tabIndex = 0;
  readout.setAttribute("aria-live", "polite");
  chart.addEventListener("focus", () => show(at));
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", e => {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -rows.length, End: rows.length }[e.key];
    if (step === undefined) return;
    e.preventDefault();
    show(at + step);
  });
}
