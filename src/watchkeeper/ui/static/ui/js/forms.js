// Errors take focus, what was typed is never lost, a form is sent once, unsaved text asks before it goes.
import { $, $$, say } from "./dom.js";

const SENT = "wk-form-sent";
const keyOf = (form) => `wk-form:${location.pathname}:${form.getAttribute("action") ?? ""}`;
const kept = (form) => $$("input:not([type=hidden]):not([type=password]):not([type=file]), textarea, select", form).filter((field) => field.name);
const valueOf = (field) => (["checkbox", "radio"].includes(field.type) ? field.checked : field.value);

function keep(form) {
  const values = kept(form).map((field) => [field.name, field.value, valueOf(field)]);
  try { sessionStorage.setItem(keyOf(form), JSON.stringify(values)); } catch { /* storage is off */ }
}

// Brings back what was typed before a crash, a sign-out or a lost connection. The server's own answer to a
// failed save holds it already, so that one is left alone.
function restore(form) {
  let values = null;
  try { values = JSON.parse(sessionStorage.getItem(keyOf(form))); } catch { /* nothing kept */ }
  if (!values || $("[data-error-summary]", form)) return;
  let changed = false;
  const fields = kept(form);
  for (const [name, value, state] of values) {
    const toggles = typeof state === "boolean";
    const field = fields.find((each) => each.name === name && (!toggles || each.value === value));
    if (!field || valueOf(field) === state) continue;
    if (toggles) field.checked = state;
    else field.value = state;
    changed = true;
  }
  if (!changed) return;
  form.dataset.dirty = "";
  const note = document.createElement("p");
  note.className = "wk-hint";
  note.setAttribute("role", "status");
  note.textContent = "What you typed before is here again. ";
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "wk-linkish";
  drop.textContent = "Start over";
  drop.addEventListener("click", () => { forget(form); form.reset(); delete form.dataset.dirty; note.remove(); });
  note.append(drop);
  form.prepend(note);
}

// A form whose rows come and go is kept whole, and brought back by its page, which draws the rows anew.
const rowsOf = (form) => { const all = new FormData(form); all.delete("csrfmiddlewaretoken"); return new URLSearchParams(all).toString(); };

function keepRows(form) {
  try { sessionStorage.setItem(keyOf(form), rowsOf(form)); } catch { /* storage is off */ }
}

function offerRows(form) {
  let kept = null;
  try { kept = sessionStorage.getItem(keyOf(form)); } catch { /* nothing kept */ }
  if (!kept || !window.htmx || kept === rowsOf(form)) return;
  const note = document.createElement("p");
  note.className = "wk-hint";
  note.setAttribute("role", "status");
  note.textContent = "What you typed before was not saved. ";
  const button = (words, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "wk-linkish";
    made.textContent = words;
    made.addEventListener("click", act);
    note.append(made, " ");
  };
  button("Bring it back", () => {
    const values = new FormData();
    for (const [name, value] of new URLSearchParams(kept)) values.append(name, value);
    values.set("do", "look");
    window.htmx.ajax("POST", form.action, { source: form, target: "#editor", select: "#editor", swap: "outerHTML", values });
  });
  button("Start over", () => { forget(form); note.remove(); });
  form.prepend(note);
}

function forget(form) {
  try { sessionStorage.removeItem(keyOf(form)); } catch { /* storage is off */ }
}

// Said at the field when it is left; the server judges again on saving.
function judge(field) {
  const place = field.closest("[data-field]");
  if (!place || field.validity.valid === (field.getAttribute("aria-invalid") !== "true")) return;
  if (field.validity.valid) {
    field.removeAttribute("aria-invalid");
    field.classList.remove("is-invalid");
    $(".wk-err", place)?.remove();
    return;
  }
  field.setAttribute("aria-invalid", "true");
  field.classList.add("is-invalid");
  if ($(".wk-err", place)) return;
  const error = document.createElement("p");
  error.className = "wk-err";
  error.id = `${field.id}_error`;
  error.textContent = field.validationMessage;
  place.append(error);
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), error.id].filter(Boolean).join(" "));
}

// How much is ticked, beside the list and in the sum of it.
function tally(form) {
  const boxes = $$("input[type=checkbox][data-slos]", form).filter((box) => box.checked);
  for (const place of $$("[data-n-svc]")) place.textContent = boxes.length;
  for (const place of $$("[data-n-slo]")) place.textContent = boxes.reduce((sum, box) => sum + Number(box.dataset.slos), 0);
}

function startTally(form) {
  form.addEventListener("change", () => tally(form));
  for (const button of $$("[data-tick]", form)) {
    button.addEventListener("click", () => {
      for (const box of $$("input[type=checkbox][data-slos]:not(:disabled)", form)) box.checked = button.dataset.tick === "all";
      tally(form);
    });
  }
  tally(form);
}

export function start(within = document) {
  $("[data-error-summary]", within)?.focus();
  $$("form[data-tally]", within).forEach(startTally);
  for (const form of $$("form[data-keep]", within)) {
    if ("ready" in form.dataset) continue;
    form.dataset.ready = "";
    const hasRows = form.dataset.keep === "rows";
    if (!hasRows) restore(form);
    else if ("dirty" in form.dataset) keepRows(form);
    else offerRows(form);
    form.addEventListener("input", () => { form.dataset.dirty = ""; (hasRows ? keepRows : keep)(form); });
    form.addEventListener("focusout", (event) => {
      // Not on the way to a button: what a verdict adds or removes would move it away from under the pointer.
      if (event.relatedTarget?.closest?.("button, a")) return;
      if (event.target.validity && event.target.value) judge(event.target);
    });
  }
}

// The page after a saved form: what was kept for that form has done its work. Who was asked to sign in saved nothing.
function settle() {
  if (location.pathname.startsWith("/account/login")) return;
  try {
    const key = sessionStorage.getItem(SENT);
    if (key && !$("[data-error-summary]")) sessionStorage.removeItem(key);
    sessionStorage.removeItem(SENT);
  } catch { /* storage is off */ }
}

export function startOnce() {
  settle();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if ("sent" in form.dataset) { event.preventDefault(); return; }
    form.dataset.sent = "";
    delete form.dataset.dirty;
    try { sessionStorage.setItem(SENT, keyOf(form)); } catch { /* storage is off */ }
    for (const button of $$("button[type=submit]", form)) button.setAttribute("aria-busy", "true");
    say("Sending");
  });
  // A page brought back by the back button may be sent again.
  addEventListener("pageshow", () => {
    for (const form of $$("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of $$("button[aria-busy]", form)) button.removeAttribute("aria-busy");
    }
  });
  addEventListener("beforeunload", (event) => { if ($("form[data-keep][data-dirty]")) event.preventDefault(); });
}
