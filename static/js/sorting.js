/* Order by dragging a handle, with the pointer or with Space and the arrow keys.

   A list is [data-sort], a row [data-sort-item]; the row's [data-sort-form] posts its new
   place as `to`. Escape puts it back. Without scripts the form's buttons do it. */
let held = null;

const rowsOf = (list) => [...list.children].filter((one) => one.matches("[data-sort-item]"));

function say(text) {
  const status = document.querySelector("[data-sort-status]");
  if (status) status.textContent = text;
}

function pick(handle) {
  const row = handle.closest("[data-sort-item]");
  const list = row.closest("[data-sort]");
  held = { handle, row, list, from: rowsOf(list).indexOf(row), before: row.nextSibling };
  row.classList.add("is-dragged");
  handle.setAttribute("aria-pressed", "true");
  say(`${handle.dataset.sortHandle} picked up.`);
}

function release() {
  held.row.classList.remove("is-dragged");
  held.handle.setAttribute("aria-pressed", "false");
  const last = held;
  held = null;
  return last;
}

function drop() {
  const { row, list, from } = release();
  const to = rowsOf(list).indexOf(row);
  if (to === from) return;
  const form = row.querySelector("[data-sort-form]");
  form.elements.to.value = to;
  form.requestSubmit();
}

function putBack() {
  const { row, list, before, handle } = release();
  list.insertBefore(row, before);
  handle.focus();
  say(`${handle.dataset.sortHandle} put back.`);
}

function move(by) {
  const { row, list, handle } = held;
  const rows = rowsOf(list);
  const at = rows.indexOf(row);
  const to = Math.max(0, Math.min(at + by, rows.length - 1));
  if (to === at) return;
  list.insertBefore(row, by < 0 ? rows[to] : rows[to].nextSibling);
  moving = true;
  handle.focus();
  moving = false;
  row.scrollIntoView({ block: "nearest" });
  say(`${handle.dataset.sortHandle} at place ${to + 1} of ${rows.length}.`);
}

let moving = false; // a row that is moved in the page loses the focus for a moment

document.addEventListener("keydown", (event) => {
  const handle = event.target.closest("[data-sort-handle]");
  if (!handle) return;
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.key === " " || event.key === "Enter") {
    if (held) drop();
    else pick(handle);
  } else if (held && by) move(by);
  else if (held && event.key === "Escape") putBack();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

document.addEventListener("focusout", ({ target }) => {
  if (held && !held.byPointer && !moving && target === held.handle) {
    queueMicrotask(() => held && document.activeElement !== held.handle && putBack());
  }
});

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-sort-handle]");
  if (!handle || event.button) return;
  if (held) putBack();
  pick(handle);
  held.byPointer = true;
  event.preventDefault();
});

document.addEventListener("pointermove", ({ clientY }) => {
  if (!held?.byPointer) return;
  const { row, list } = held;
  const others = rowsOf(list).filter((one) => one !== row);
  const middle = (one) => one.getBoundingClientRect().top + one.offsetHeight / 2;
  const below = others.find((one) => clientY < middle(one)) || null;
  if (row.nextElementSibling !== below) list.insertBefore(row, below);
  if (clientY < 80) scrollBy(0, -12);
  else if (clientY > innerHeight - 60) scrollBy(0, 12);
});

document.addEventListener("pointerup", () => held?.byPointer && drop());
document.addEventListener("pointercancel", () => held?.byPointer && putBack());
