// Charts are drawn by the server. This adds the crosshair, keys and CSV, all read from the chart's own table,
// so that what is shown, read aloud and saved is one thing.
import { $, $$ } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function stopsOf(figure) {
  return $$("tbody tr[data-x]", figure).map((row) => ({ at: Number(row.dataset.x), y: Number(row.dataset.y), cells: [...row.cells].map((cell) => cell.textContent.trim()) }));
}

class Crosshair {
  constructor(figure) {
    this.figure = figure;
    this.plot = $(".wk-ch", figure);
    this.heads = $$("thead th", figure).map((head) => head.textContent.trim());
    this.stops = stopsOf(figure);
    this.line = element("line", { class: "wk-cross", y1: "0", y2: "100%", visibility: "hidden" });
    this.dot = element("circle", { class: "wk-cross-d", r: "3.5", visibility: "hidden" });
    this.plot.append(this.line, this.dot);
    this.read = $(".wk-read", figure);
    this.here = -1;
  }

  show(index) {
    const stop = this.stops[index];
    if (!stop) return;
    this.here = index;
    const x = `${stop.at}%`;
    for (const end of ["x1", "x2"]) this.line.setAttribute(end, x);
    this.line.setAttribute("visibility", "visible");
    const known = Number.isFinite(stop.y);
    this.dot.setAttribute("visibility", known ? "visible" : "hidden");
    if (known) {
      this.dot.setAttribute("cx", x);
      this.dot.setAttribute("cy", `${stop.y}%`);
    }
    const [when, ...values] = stop.cells;
    const time = document.createElement("b");
    time.textContent = when;
    const parts = values.map((value, at) => {
      const part = document.createElement("span");
      part.textContent = `${this.heads[at + 1]} ${value}`;
      return part;
    });
    this.read.replaceChildren(time, ...parts);
    this.figure.dataset.reading = "";
  }

  hide() {
    this.here = -1;
    this.line.setAttribute("visibility", "hidden");
    this.dot.setAttribute("visibility", "hidden");
    delete this.figure.dataset.reading;
  }

  nearest(share) {
    let best = 0;
    this.stops.forEach((stop, index) => {
      if (Math.abs(stop.at - share) < Math.abs(this.stops[best].at - share)) best = index;
    });
    return best;
  }

  listen() {
    const area = $(".wk-plot-c", this.figure);
    area.addEventListener("pointermove", (event) => {
      const box = this.plot.getBoundingClientRect();
      this.show(this.nearest(((event.clientX - box.left) / box.width) * 100));
    });
    area.addEventListener("pointerleave", () => this.hide());
    area.addEventListener("blur", () => this.hide());
    area.addEventListener("focus", () => { if (area.matches(":focus-visible")) this.show(this.stops.length - 1); });
    area.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
      if (!step && !["Home", "End"].includes(event.key)) return;
      event.preventDefault();
      const last = this.stops.length - 1;
      const to = event.key === "Home" ? 0 : event.key === "End" ? last : this.here + step;
      this.show(Math.max(0, Math.min(last, to)));
    });
  }
}

const LEAST_SHARE = 0.01;
const MINUTE_S = 60;

// Dragging over a chart with the mouse makes that stretch the range of the page, so that all charts follow. It is
// the same as filling in the form of the range, which keys and fingers use.
class Zoom {
  constructor(figure) {
    [this.start, this.end] = figure.dataset.zoom.split(" ").map(Number);
    this.plot = $(".wk-ch", figure);
    this.band = element("rect", { class: "wk-zoom", y: "0", height: "100%", visibility: "hidden" });
    this.plot.prepend(this.band);
    this.area = $(".wk-plot-c", figure);
    this.area.classList.add("wk-zooms");
    this.from = null;
  }

  share(event) {
    const box = this.plot.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  }

  draw(to) {
    const low = Math.min(this.from, to);
    this.band.setAttribute("x", `${low * 100}%`);
    this.band.setAttribute("width", `${Math.abs(to - this.from) * 100}%`);
    this.band.setAttribute("visibility", "visible");
  }

  stop() {
    this.from = null;
    this.band.setAttribute("visibility", "hidden");
  }

  instant(share) {
    const seconds = this.start + share * (this.end - this.start);
    return `${new Date(Math.round(seconds / MINUTE_S) * MINUTE_S * 1000).toISOString().slice(0, 16)}Z`;
  }

  go(to) {
    const [low, high] = [Math.min(this.from, to), Math.max(this.from, to)];
    this.stop();
    if (high - low < LEAST_SHARE) return;
    const address = new URL(location.href);
    address.searchParams.delete("range");
    address.searchParams.set("from", this.instant(low));
    address.searchParams.set("to", this.instant(high));
    address.hash = "";
    location.assign(address);
  }

  listen() {
    this.area.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
      this.from = this.share(event);
      this.area.setPointerCapture(event.pointerId);
    });
    this.area.addEventListener("pointermove", (event) => { if (this.from !== null) this.draw(this.share(event)); });
    this.area.addEventListener("pointerup", (event) => { if (this.from !== null) this.go(this.share(event)); });
    this.area.addEventListener("pointercancel", () => this.stop());
    this.area.addEventListener("keydown", (event) => { if (event.key === "Escape") this.stop(); });
  }
}

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Save a table as CSV; a cell's data-v is its exact value, its text the written one. */
export function saveTable(button) {
  const table = document.getElementById(button.dataset.csv);
  const lines = $$("tr", table).map((row) => [...row.cells].map((cell) => quoted(cell.dataset.v ?? cell.textContent.trim())).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }));
  link.download = button.dataset.name || "chart.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function start(within = document) {
  for (const figure of $$("[data-chart]", within)) {
    if ("ready" in figure.dataset || !$(".wk-ch", figure) || !$("tbody tr[data-x]", figure)) continue;
    figure.dataset.ready = "";
    new Crosshair(figure).listen();
    if (figure.dataset.zoom) new Zoom(figure).listen();
  }
}
