/* The mail's frame follows what is typed: each new frame gets the words posted once. */
function fill() {
  document.getElementById("mail-form")?.submit();
}

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id === "preview") fill();
});
fill();
