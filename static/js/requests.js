/* What holds for every htmx request: the busy line, polling, log-in, failures. */
const root = document.documentElement;
let running = 0;

function tell(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "danger" } }));
}

function isPoll({ elt, requestConfig }) {
  const trigger = elt.getAttribute("hx-trigger") || "";
  return trigger.includes("every ") && !requestConfig.triggeringEvent;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && isPoll(event.detail)) event.preventDefault();
});

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (isPoll(detail)) return;
  running += 1;
  root.classList.add("is-busy");
  detail.xhr.addEventListener("loadend", () => {
    running -= 1;
    root.classList.toggle("is-busy", running > 0);
  });
});

/* A session that ended answers with the log-in page: go there, do not swap it in. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!xhr.responseURL || !/^\/login\//.test(new URL(xhr.responseURL).pathname)) return;
  event.detail.shouldSwap = false;
  location.reload();
});

document.addEventListener("htmx:responseError", ({ detail }) => {
  const { status } = detail.xhr;
  if (status === 403) tell("Your role does not include this.");
  else if (status === 404) tell("This is no longer here. Reload the page.");
  else if (status === 429) tell("Too many requests. Wait a moment and try again.");
  else tell("Something went wrong on our side. Please try again.");
});

document.addEventListener("htmx:sendError", ({ detail }) => {
  if (!isPoll(detail)) tell("The server cannot be reached. Check your connection.");
});
