/* Toasts in the top layer, from HX-Trigger: toast and from the page's messages.

   HX-Trigger: {"toast": "Saved"} or
   {"toast": {"text": "Removed", "tone": "ok", "undo": "/path/"}} */
const SHOWN_MS = 10_000;
const MOST = 4;
const region = document.getElementById("toasts");
const list = region.querySelector("[data-toasts]");
const template = document.getElementById("toast-template");

function setUndo(toast, url) {
  const form = toast.querySelector(".toast-undo");
  form.hidden = false;
  form.action = url;
  form.setAttribute("hx-post", url);
  form.addEventListener("htmx:afterRequest", () => toast.remove());
  htmx.process(form);
}

function startTimer(toast) {
  let timer;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), SHOWN_MS);
  };
  const stop = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

/* A popover shown again lies above dialogs opened since. */
function raise() {
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
}

function show({ value, text = value, tone = "ok", undo = "" }) {
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.classList.add(`toast-${tone}`);
  toast.querySelector(".toast-text").textContent = text;
  toast.querySelector(".toast-close").addEventListener("click", () => toast.remove());
  raise();
  list.append(toast);
  if (undo) setUndo(toast, undo);
  while (list.children.length > MOST) list.firstElementChild.remove();
  startTimer(toast);
}

document.addEventListener("toast", ({ detail }) => show(detail));

for (const banner of document.querySelectorAll("[data-flash] > *")) {
  const text = banner.querySelector("[data-text]").textContent;
  show({ text, tone: banner.dataset.tone || "ok", undo: banner.dataset.undo });
}
