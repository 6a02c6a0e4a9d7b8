/** The mailbox page's style sheet. */
export const MAILBOX_STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c2330, #e6e9ef);
  --muted: light-dark(#566075, #a3acbd);
  --page: light-dark(#f4f5f8, #14181f);
  --panel: light-dark(#ffffff, #1c222c);
  --line: light-dark(#d9dde5, #333c4b);
  --accent: light-dark(#1d4fb8, #8ab4ff);
  --chosen: light-dark(#e4ecfc, #26344d);
}
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--page); font: 16px/1.5 system-ui, sans-serif; }
a { color: inherit; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.5rem 2rem; padding: 1rem 1.5rem 0; }
h1 { margin: 0; font-size: 1.25rem; }
h2 { font-size: 1.25rem; overflow-wrap: anywhere; }
nav { display: flex; gap: 0.5rem; }
nav a { padding: 0.25rem 1rem; border-bottom: 3px solid transparent; text-decoration: none; }
nav a[aria-current] { border-color: var(--accent); font-weight: 600; }
#offline { margin: 0; color: light-dark(#a3220f, #ff9f8f); }
main { display: grid; grid-template-columns: minmax(18rem, 2fr) 3fr; gap: 1rem; padding: 1rem 1.5rem; align-items: start; }
main > section { background: var(--panel); border: 1px solid var(--line); border-radius: 0.5rem; min-width: 0; }
@media (max-width: 50rem) { main { grid-template-columns: minmax(0, 1fr); } }
ol { list-style: none; margin: 0; padding: 0; }
li + li { border-top: 1px solid var(--line); }
li a { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 1rem; padding: 0.75rem 1rem; text-decoration: none; }
li a:hover, li a[aria-current] { background: var(--chosen); }
li .title, li .between { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
li .between, time { color: var(--muted); font-size: 0.875rem; }
li .between { grid-column: 1 / -1; }
section > p { margin: 1rem 1.25rem; color: var(--muted); }
#shown { padding-bottom: 0.25rem; }
h2, dl, pre, details { margin: 1rem 1.25rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25rem 1rem; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
pre { padding-top: 1rem; border-top: 1px solid var(--line); font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--muted); }
iframe { width: 100%; height: 24rem; margin-top: 0.5rem; border: 1px solid var(--line); background: #fff; }
code { overflow-wrap: anywhere; }
`;
