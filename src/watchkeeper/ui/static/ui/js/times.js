// Keeps "12 min ago" true while a page stays open; the words are those of ui/domain/times.py.
import { $$ } from "./dom.js";

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const EVERY_MS = 10_000;

export function relative(seconds) {
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const [unit, word] = UNITS.find(([length]) => size >= length);
  const text = `${Math.floor(size / unit)}\u202f${word}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

// The page's own clock may be wrong: count from what the server wrote, by how long the page has been open.
const opened = performance.now();

function refresh() {
  for (const time of $$("time[data-relative]")) {
    const at = Date.parse(time.dateTime) / 1000;
    const server = Number(document.documentElement.dataset.now);
    const now = server ? server + (performance.now() - opened) / 1000 : Date.now() / 1000;
    const text = relative(Math.trunc(now - at));
    if (time.textContent !== text) time.textContent = text;
  }
}

export function start() {
  setInterval(refresh, EVERY_MS);
}
