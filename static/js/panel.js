/* The right panel: opens, closes, is filled on first sight, keeps its state. */
const { dataset } = document.documentElement;
const panel = document.getElementById("panel");
const toggle = document.querySelector("[data-panel-toggle]");

function isOpen() {
  return getComputedStyle(panel).display !== "none";
}

function load() {
  const body = panel.querySelector(".panel-body");
  if (body.childElementCount) return Promise.resolve();
  return htmx.ajax("GET", panel.dataset.src, { target: body, swap: "innerHTML" });
}

function focusInside() {
  const first = panel.querySelector(".panel-body :is(input:not([type=hidden]), select)");
  (first || panel).focus();
}

function set(state) {
  dataset.panel = state;
  localStorage.setItem("panel", state);
  toggle?.setAttribute("aria-expanded", String(state === "open"));
}

function close() {
  set("closed");
  toggle?.focus();
}

async function onToggle(event) {
  event.preventDefault();
  const byKeyboard = event.detail === 0;
  if (isOpen() && !byKeyboard) return close();
  set("open");
  await load();
  focusInside();
}

/* The browser's own key for accesskey: Chrome does not tell it. */
function accessKeyLabel() {
  if (toggle?.accessKeyLabel) return toggle.accessKeyLabel;
  return /Mac/.test(navigator.platform) ? "Ctrl+Option+C" : "Alt+C";
}

if (panel && toggle) {
  toggle.setAttribute("role", "button");
  toggle.setAttribute("aria-expanded", String(isOpen()));
  toggle.title = `Contact panel (${accessKeyLabel()})`;
  toggle.addEventListener("click", onToggle);
  panel.querySelector("[data-panel-close]").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());
  if (isOpen()) load();
}

for (const label of document.querySelectorAll("[data-accesskey-label]")) {
  label.textContent = accessKeyLabel();
}
