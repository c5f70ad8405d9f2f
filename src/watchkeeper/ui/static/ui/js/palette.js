// Ctrl-K: screens at once, names from the server. The address in data-url answers `?q=…` with either
// {"results": [{"label", "note", "url"}]} or a fragment of <li role="option" data-href="…">.
import { $, $$, say } from "./dom.js";

const WAIT_MS = 120;
let dialog, input, list, timer, controller, opener;

const shown = () => $$("[role=option]:not([hidden])", list);
const chosen = () => $("[aria-selected=true]:not([hidden])", list);

function choose(option) {
  for (const each of $$("[role=option]", list)) each.setAttribute("aria-selected", String(each === option));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function settle() {
  const options = shown();
  choose(options[0]);
  input.setAttribute("aria-expanded", String(options.length > 0));
  $(".wk-pal-e", dialog).hidden = options.length > 0 || !input.value.trim();
}

function places(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of $$("[data-place]", list)) {
    const own = option.textContent.toLowerCase();
    option.hidden = !words.every((word) => own.includes(word));
  }
}

function optionOf(result, index) {
  const option = document.createElement("li");
  option.id = `pal-found-${index}`;
  option.setAttribute("role", "option");
  option.dataset.href = result.url;
  const name = document.createElement("span");
  name.textContent = result.label;
  const note = document.createElement("span");
  note.className = "s";
  note.textContent = result.note ?? "";
  option.append(name, note);
  return option;
}

function show(answer) {
  for (const old of $$("[role=option]:not([data-place])", list)) old.remove();
  if (typeof answer === "string") {
    const fragment = new DOMParser().parseFromString(`<ul>${answer}</ul>`, "text/html");
    for (const option of $$("[role=option]", fragment)) list.append(document.adoptNode(option));
  } else list.append(...(answer.results ?? []).map(optionOf));
  $$("[role=option]:not([data-place])", list).forEach((option, index) => {
    option.id ||= `pal-found-${index}`;
    option.setAttribute("aria-selected", "false");
  });
  settle();
  say(`${shown().length} results`);
}

async function ask(text) {
  controller?.abort();
  controller = new AbortController();
  const address = new URL(dialog.dataset.url, location.href);
  address.searchParams.set("q", text);
  try {
    const response = await fetch(address, { signal: controller.signal, headers: { Accept: "application/json, text/html" } });
    if (!response.ok) return;
    show(response.headers.get("Content-Type")?.includes("json") ? await response.json() : await response.text());
  } catch { /* a newer question, or no connection: the screens are still there */ }
}

function typed() {
  const text = input.value.trim();
  places(text);
  settle();
  clearTimeout(timer);
  if (text && dialog.dataset.url) timer = setTimeout(() => ask(text), WAIT_MS);
  else show({ results: [] });
}

export function open() {
  if (!dialog || dialog.open) return;
  opener = document.activeElement;
  dialog.showModal();
  input.value = "";
  typed();
  input.focus();
}

function go(option) {
  if (!option) return;
  dialog.close();
  if (option.dataset.does) $(`[data-act="${option.dataset.does}"]`)?.click();
  else if (option.dataset.href) location.assign(option.dataset.href);
}

function pressed(event) {
  const options = shown();
  const at = options.indexOf(chosen());
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && options.length) choose(options[(at + step + options.length) % options.length]);
  else if (event.key === "Home" && event.ctrlKey) choose(options[0]);
  else if (event.key === "End" && event.ctrlKey) choose(options.at(-1));
  else if (event.key === "Enter") go(chosen());
  else return;
  event.preventDefault();
}

export function start() {
  dialog = $("#palette");
  if (!dialog) return;
  input = $("input", dialog);
  list = $("[role=listbox]", dialog);
  input.addEventListener("input", typed);
  input.addEventListener("keydown", pressed);
  dialog.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
    else if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => opener?.focus?.());
}
