/* Ticking rows in a form[data-bulk]: all, a range with Shift, every match.

   The bar counts; all_matching=1 is posted when every match was chosen. */
let anchor = null;

function rowsOf(form) {
  return [...form.querySelectorAll("[data-bulk-row]")];
}

function draw(form) {
  const bar = form.querySelector("[data-bulk-bar]");
  const rows = rowsOf(form);
  const ticked = rows.filter((row) => row.checked).length;
  const total = Number(bar.dataset.total);
  const everything = bar.querySelector("[data-bulk-all-matching]").value === "1";
  const chosen = everything ? total : ticked;
  bar.hidden = chosen === 0;
  const more = everything && "more" in bar.dataset ? "+" : "";
  bar.querySelector("[data-bulk-count]").textContent = `${chosen.toLocaleString("en")}${more} selected`;
  const offer = ticked === rows.length && ticked > 0 && total > ticked && !everything;
  bar.querySelector("[data-bulk-matching]").hidden = !offer;
  const all = form.querySelector("[data-bulk-all]");
  if (!all) return;
  all.checked = ticked > 0 && ticked === rows.length;
  all.indeterminate = ticked > 0 && ticked < rows.length;
}

function setEverything(form, value) {
  form.querySelector("[data-bulk-all-matching]").value = value;
}

function tickRange(form, to, checked) {
  const rows = rowsOf(form);
  const [first, last] = [rows.indexOf(anchor), rows.indexOf(to)].sort((a, b) => a - b);
  if (first < 0) return;
  for (const row of rows.slice(first, last + 1)) row.checked = checked;
}

function tickAll(form, checked) {
  for (const row of rowsOf(form)) row.checked = checked;
}

document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-bulk]");
  if (!form) return;
  if (event.target.matches("[data-bulk-row]")) {
    if (event.shiftKey && anchor) tickRange(form, event.target, event.target.checked);
    anchor = event.target;
    setEverything(form, "");
  } else if (event.target.matches("[data-bulk-all]")) {
    tickAll(form, event.target.checked);
    setEverything(form, "");
  } else if (event.target.closest("[data-bulk-matching]")) {
    setEverything(form, "1");
  } else if (event.target.closest("[data-bulk-clear]")) {
    tickAll(form, false);
    setEverything(form, "");
  } else return;
  draw(form);
});

function drawAll() {
  for (const form of document.querySelectorAll("form[data-bulk]")) draw(form);
}

document.addEventListener("htmx:afterSettle", drawAll);
drawAll();
