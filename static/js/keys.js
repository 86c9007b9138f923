/* Keys: / search, J and K through [data-rows], ? sheet, Ctrl+K go to. A switch in the
   sheet turns the single keys off in this browser. */
const STORE = "single-keys";
const choice = document.querySelector("[data-single-keys]");
const goto = document.getElementById("goto");
const found = goto.querySelector("[data-goto-list]");
const wanted = goto.querySelector("[data-goto-search]");

function isTyping({ target }) {
  return target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

function move(step) {
  const rows = [...document.querySelectorAll("[data-rows] a[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  rows[Math.min(rows.length - 1, Math.max(0, next))].focus();
}

const SINGLE = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("shortcuts").showModal(),
  j: () => move(1),
  k: () => move(-1),
};

function listPages() {
  const text = wanted.value.trim().toLowerCase();
  const links = [...document.querySelectorAll(".rail-items > li > a, #more a:not(.only-narrow)")];
  const matching = links.filter((link) => link.textContent.toLowerCase().includes(text));
  found.replaceChildren(
    ...matching.map((link) => {
      const item = document.createElement("li");
      const copy = document.createElement("a");
      copy.href = link.href;
      copy.append(
        link.querySelector("svg").cloneNode(true),
        (link.querySelector(".rail-name") || link).textContent.trim(),
      );
      item.append(copy);
      return item;
    }),
  );
}

document.addEventListener("keydown", (event) => {
  if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    wanted.value = "";
    listPages();
    if (!goto.open) goto.showModal();
    return;
  }
  const act = SINGLE[event.key];
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!act || !plain || !choice.checked || isTyping(event)) return;
  if (document.querySelector("dialog[open]")) return;
  event.preventDefault();
  act();
});

wanted.addEventListener("input", listPages);
wanted.addEventListener("keydown", (event) => {
  if (event.key === "Enter") found.querySelector("a")?.click();
  if (event.key === "ArrowDown") found.querySelector("a")?.focus();
});

choice.checked = localStorage.getItem(STORE) !== "off";
choice.addEventListener("change", () => {
  localStorage.setItem(STORE, choice.checked ? "on" : "off");
});
