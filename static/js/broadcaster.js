/* A variable's chip puts {{name}} where the cursor was last, {{name|fallback}} with one. */
let last = null;

document.addEventListener("focusin", ({ target }) => {
  const isWords = target.matches("#message-form :is(input[type=text], textarea)");
  if (isWords && !("fallback" in target.dataset)) last = target;
});

function variable({ dataset }) {
  const typed = document.querySelector("[data-fallback]")?.value || "";
  const fallback = typed.replace(/[{}|]/g, "").trim();
  return fallback ? `{{${dataset.insert}|${fallback}}}` : `{{${dataset.insert}}}`;
}

document.addEventListener("click", ({ target }) => {
  const chip = target.closest("[data-insert]");
  if (!chip) return;
  const field = last?.isConnected ? last : document.querySelector("#message-form textarea");
  field.setRangeText(variable(chip), field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
