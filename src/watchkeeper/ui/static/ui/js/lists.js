// The keys of a list: J and K move, Enter opens, X selects, Esc clears; `/` filters, `?` tells the keys.
// A button with data-key does its act by that key: on what is selected, else on the row in focus.
// A list is any [data-list] (or .wk-slos); its rows are tbody rows or items that hold a link.
import { $, $$, say, typing } from "./dom.js";
import { open as openPalette } from "./palette.js";

const LISTS = "[data-list], .wk-slos";
const ROWS = ":scope > tbody > tr:not(.grp):not([hidden]), :scope > li:not([hidden])";

const rows = () => $$(LISTS).flatMap((list) => $$(ROWS, list)).filter((row) => $("a[href], input[type=checkbox]", row));
const link = (row) => $(".wk-slo[href], th a[href], a[href]", row);

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement.closest?.("tr, li"));
  const next = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + step))];
  link(next)?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function boxes(list) {
  return $$(":scope > tbody input[type=checkbox], :scope > li input[type=checkbox]", list);
}

function sync(list) {
  const all = boxes(list);
  const on = all.filter((box) => box.checked);
  for (const box of all) box.closest("tr, li").setAttribute("aria-selected", String(box.checked));
  const head = $("thead input[type=checkbox]", list);
  if (head) {
    head.checked = on.length > 0 && on.length === all.length;
    head.indeterminate = on.length > 0 && on.length < all.length;
  }
  const bar = $(".wk-bulk");
  if (!bar) return;
  bar.hidden = on.length === 0;
  for (const count of $$("[data-n]", bar)) count.textContent = String(on.length);
}

export function clear() {
  let any = false;
  for (const list of $$(LISTS)) {
    for (const box of boxes(list)) {
      any ||= box.checked;
      box.checked = false;
    }
    sync(list);
  }
  return any;
}

function act(button, row) {
  const all = $$(LISTS, button.form).flatMap(boxes);
  const box = row && $("input[type=checkbox]", row);
  if (!all.some((each) => each.checked) && box) box.checked = true;
  if (all.some((each) => each.checked)) button.form.requestSubmit(button);
  else say("Nothing is selected");
}

function fold(button) {
  const isOpen = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(isOpen));
  for (const row of $$("tr:not(.grp)", button.closest("tbody"))) row.hidden = !isOpen;
}

function key(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  const row = document.activeElement.closest?.("tr, li");
  if (event.key === "?") $("#keys")?.showModal();
  else if (event.key === "/") $(".wk-filters input[type=search]")?.focus();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x" && row) $("input[type=checkbox]", row)?.click();
  else if (event.key === "Escape" && clear()) say("Selection cleared");
  else if (/^[a-z]$/.test(event.key) && $(`button[data-key="${event.key}"]`)) act($(`button[data-key="${event.key}"]`), row);
  else return;
  event.preventDefault();
}

export function start() {
  document.addEventListener("keydown", key);
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".wk-fold");
    if (button) fold(button);
    if (event.target.closest("[data-clear]")) clear();
  });
  document.addEventListener("change", (event) => {
    const list = event.target.closest(LISTS);
    if (!list || event.target.type !== "checkbox") return;
    if (event.target.closest("thead")) for (const box of boxes(list)) box.checked = event.target.checked;
    sync(list);
  });
  document.addEventListener("change", (event) => {
    // Filters live in the address: a changed select of a filter line opens it.
    if (event.target.matches("select[data-go]")) event.target.form.requestSubmit();
  });
}
