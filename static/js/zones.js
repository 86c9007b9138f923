/* A time zone that nobody chose yet is proposed as the browser's own. */
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const select of document.querySelectorAll("select[data-propose-zone]")) {
  if ([...select.options].some(({ value }) => value === own)) select.value = own;
}
