# SPDX-License-Identifier: Apache-2.0
"""The style of every page, light and dark, and the script of its tables.

Neither loads anything. `web_page` puts them into a page of one file; a server
sends them as files of their own.
"""

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2329;
  --soft: #5c6670; --line: #dde2e7; --shade: #f3f5f7; --accent: #0072b2;
  --bar: #cfe4f2; --other-bar: #dfe3e8; --mark: #e6f1f8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c;
  --ink: #e6eaee; --soft: #9aa5b0; --line: #2d343b; --shade: #1d2328;
  --accent: #6cbcec; --bar: #1f4561; --other-bar: #343c44;
  --mark: #1b3042; }
  .picture { filter: brightness(.9); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .5rem; }
p, ul { max-width: 60rem; margin: .4rem 0 .9rem; }
ul { padding-left: 1.2rem; }
.soft { color: var(--soft); font-size: .925rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line);
  border-radius: 8px; }
table { border-collapse: separate; border-spacing: 0; width: 100%;
  font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .42rem .55rem; text-align: right; white-space: nowrap;
  border-top: 1px solid var(--line); background: var(--paper); }
th { font-weight: 600; }
thead th { border-top: 0; vertical-align: bottom; padding: .25rem; }
thead tr.groups th { padding: .55rem .55rem .1rem; text-align: left;
  white-space: normal; line-height: 1.3; }
th.text, td.text { text-align: left; }
tbody th { text-align: left; }
tbody tr:hover > * { background: var(--shade); }
tbody tr.marked > * { background: var(--mark); font-weight: 600;
  color: var(--ink); }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px;
  border-radius: 2px; }
th.other, td.other { background: var(--shade); }
td.other { color: var(--soft); }
th.starts, td.starts { border-left: 1px solid var(--line); }
tr > :first-child { position: sticky; left: 0; z-index: 1;
  border-right: 1px solid var(--line); }
td.best { font-weight: 700; color: var(--ink); }
td.missing { color: var(--soft); }
td.part { background: linear-gradient(90deg, var(--bar) var(--part),
  transparent 0) no-repeat left .55rem bottom 3px / calc(100% - 1.1rem) 3px,
  var(--paper); }
td.part.other { background: linear-gradient(90deg, var(--other-bar)
  var(--part), transparent 0) no-repeat left .55rem bottom 3px /
  calc(100% - 1.1rem) 3px, var(--shade); }
th small, td small { display: block; font-weight: 400;
  color: var(--soft); }
th button { all: unset; cursor: pointer; padding: .25rem .3rem;
  position: relative; border-radius: 4px; color: var(--accent); }
th button:hover { text-decoration: underline; }
button:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 1px; }
th button::after { position: absolute; left: calc(100% - .4rem); }
th[aria-sort=ascending] button::after { content: '▴'; }
th[aria-sort=descending] button::after { content: '▾'; }
.picture { overflow-x: auto; border: 1px solid var(--line);
  border-radius: 8px; background: #ffffff; padding: 10px; }
.picture button { all: unset; display: block; cursor: zoom-in; }
.picture img { display: block; width: 100%; height: auto; min-width: 900px; }
.picture.zoomed button { cursor: zoom-out; }
.picture.zoomed img { width: auto; max-width: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem;
  margin: .6rem 0; font-size: .925rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .875em/1.5 ui-monospace, 'Cascadia Mono', Consolas, monospace;
  overflow-wrap: anywhere; white-space: pre-wrap; }
@media (max-width: 640px) { main { padding: 18px 12px 40px; }
  h1 { font-size: 1.4rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; } th, td { padding: .4rem .45rem; }
  tbody th { white-space: normal; min-width: 8.5rem; max-width: 10rem;
    overflow-wrap: anywhere; } }
@media print { .scroll, .picture { overflow: visible; } }
"""

SCRIPT = """
for (const table of document.querySelectorAll('table')) {
  for (const button of table.querySelectorAll('thead button')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const column = Number(head.dataset.column);
      const before = head.getAttribute('aria-sort');
      const down = before ? before === 'ascending'
        : head.dataset.first === 'descending';
      for (const other of table.querySelectorAll('th[aria-sort]'))
        other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const key = row => row.cells[column].dataset.value ?? '';
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const x = key(a), y = key(b);
        if (x === '' || y === '') return (x === '') - (y === '');
        const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  }
}
for (const button of document.querySelectorAll('.picture button'))
  button.addEventListener('click', () =>
    button.parentElement.classList.toggle('zoomed'));
"""
