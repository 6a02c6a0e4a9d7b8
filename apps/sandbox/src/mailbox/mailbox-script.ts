/**
 * Fetches the page again every two seconds and takes over its lists; the message that is being read stays untouched.
 * Nothing here makes markup: the server has escaped it.
 */
export const MAILBOX_SCRIPT = `
const offline = document.getElementById('offline');
async function refresh() {
  try {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    document.title = page.title;
    for (const id of ['tabs', 'list']) {
      const shown = document.getElementById(id);
      const fresh = page.getElementById(id);
      if (shown.innerHTML === fresh.innerHTML) continue;
      const focused = shown.contains(document.activeElement) && document.activeElement.getAttribute('href');
      shown.replaceChildren(...fresh.childNodes);
      if (focused) shown.querySelector('a[href="' + CSS.escape(focused) + '"]')?.focus();
    }
    offline.textContent = '';
  } catch {
    const message = 'The sandbox does not answer. This page goes on when it does.';
    if (offline.textContent !== message) offline.textContent = message;
  }
}
setInterval(() => document.hidden || refresh(), 2000);
`;
