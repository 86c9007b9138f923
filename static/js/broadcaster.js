/* A variable's chip puts {{name}} where the cursor was last. */
let last = null;

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("#message-form :is(input[type=text], textarea)")) last = target;
});

document.addEventListener("click", ({ target }) => {
  const chip = target.closest("[data-insert]");
  if (!chip) return;
  const field = last?.isConnected ? last : document.querySelector("#message-form textarea");
  field.setRangeText(chip.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
