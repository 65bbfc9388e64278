# SPDX-License-Identifier: Apache-2.0
"""What the judge's pages look like, over the style of every page."""

from depth_mai.report import page_style

# Depth from near (yellow) to far (blue), in the colours of the pictures.
ICON = (
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
  '<rect width="32" height="32" rx="7" fill="#10314a"/>'
  '<path d="M5 24 16 7l11 17z" fill="#2f7fb5"/>'
  '<path d="M8.500 24 16 12.500 23.500 24z" fill="#5fb58c"/>'
  '<path d="M12 24l4-6 4 6z" fill="#f2d53c"/></svg>'
)

_STYLE = """
:root { --good: #14703f; --good-soft: #e4f4eb; --bad: #b3261e;
  --bad-soft: #fcebea; --warn-soft: #fdf4dc; --card: #fafbfc;
  --on-accent: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --good: #5cc98f;
  --good-soft: #15301f; --bad: #ff8a80; --bad-soft: #3a1d1b;
  --warn-soft: #352c14; --card: #191e23; --on-accent: #10202c; }
  .shot img { filter: brightness(.92); } }
[hidden] { display: none !important; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; z-index: 3; background: var(--paper);
  padding: .3rem .6rem; }
.bar { border-bottom: 1px solid var(--line); background: var(--card); }
.bar div { max-width: 1240px; margin: 0 auto; padding: .7rem 20px;
  display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; align-items: center; }
.bar .name { display: flex; align-items: center; gap: .55rem;
  font-weight: 650; font-size: 1.05rem; color: var(--ink);
  text-decoration: none; margin-right: auto; }
.bar img { width: 1.6rem; height: 1.6rem; display: block; }
main.site { padding-top: 22px; }
footer { max-width: 1240px; margin: 0 auto; padding: 0 20px 40px; }
.card { border: 1px solid var(--line); border-radius: 10px;
  background: var(--card); padding: 18px 20px; margin: 1rem 0; }
.columns { display: grid; gap: 0 26px; align-items: start;
  grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
.columns h2 { margin-top: 1.3rem; }
.columns .card h2:first-child { margin-top: 0; }
.drop { display: block; border: 2px dashed var(--line); border-radius: 10px;
  background: var(--paper); padding: 1.7rem 1rem; text-align: center; }
.drop.full { border-style: solid; border-color: var(--accent); }
.drop.over { border-color: var(--accent); background: var(--mark); }
.drop strong { display: block; margin-bottom: .5rem; }
.drop input { max-width: 100%; font: inherit; color: var(--soft);
  font-size: .875rem; }
.drop input:focus-visible, summary:focus-visible, select:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px;
  border-radius: 4px; }
input::file-selector-button { font: inherit; color: var(--ink);
  background: var(--shade); border: 1px solid var(--line);
  border-radius: 6px; padding: .35rem .8rem; margin-right: .7rem;
  cursor: pointer; }
.chosen { display: block; margin-top: .5rem; overflow-wrap: anywhere; }
.choices { display: grid; gap: .8rem 1.1rem; margin: .9rem 0 .3rem;
  grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); }
.choices label { font-size: .875rem; color: var(--soft); }
select { display: block; width: 100%; font: inherit; color: var(--ink);
  background: var(--paper); border: 1px solid var(--line);
  border-radius: 6px; padding: .35rem .5rem; margin-top: .2rem; }
summary { cursor: pointer; }
details { margin: .9rem 0; }
button.go, button.stop { font: inherit; font-weight: 600; cursor: pointer;
  border-radius: 7px; padding: .5rem 1.3rem;
  border: 1px solid var(--accent); background: var(--accent);
  color: var(--on-accent); }
button.stop { background: none; border-color: var(--line);
  color: var(--ink); font-weight: 400; padding: .35rem .9rem; }
button.stop:hover { border-color: var(--bad); color: var(--bad); }
button.go:hover { filter: brightness(1.08); }
button:disabled { opacity: .5; cursor: default; }
progress { width: 100%; height: .6rem; accent-color: var(--accent);
  display: block; margin: .5rem 0; }
[role=alert] { color: var(--bad); margin: .7rem 0 0;
  overflow-wrap: anywhere; }
.state { display: inline-block; font-weight: 650; font-size: .95rem;
  border-radius: 99px; padding: .15rem .8rem; margin-bottom: .5rem;
  background: var(--shade); color: var(--ink); }
.state.accepted { background: var(--good-soft); color: var(--good); }
.state.rejected, .state.failed { background: var(--bad-soft);
  color: var(--bad); }
h1 { overflow-wrap: anywhere; }
.figures { display: grid; gap: 12px; margin: 1.1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
.figures div { border: 1px solid var(--line); border-radius: 10px;
  padding: .8rem 1rem; background: var(--card); }
.figures b { display: block; font-size: 1.6rem; line-height: 1.25;
  font-weight: 650; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures b small { font-size: .6em; font-weight: 500; color: var(--soft); }
.figures span { color: var(--soft); font-size: .875rem; }
.notes { list-style: none; padding: 0; max-width: none; }
.notes li { border-left: 4px solid var(--line); padding: .55rem .9rem;
  margin: .5rem 0; background: var(--shade); border-radius: 0 8px 8px 0;
  overflow-wrap: anywhere; white-space: pre-wrap; }
.notes.errors li { border-color: var(--bad); background: var(--bad-soft); }
.notes.warnings li { border-color: #c99a1b; background: var(--warn-soft); }
.steps { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem;
  padding: 0; margin: 1rem 0; counter-reset: step; max-width: none; }
.steps li { flex: 1 1 7rem; border-top: 4px solid var(--line);
  padding-top: .35rem; color: var(--soft); font-size: .9rem; }
.steps li.done { border-color: var(--good); }
.steps li.done::after { content: ' ✓'; color: var(--good); }
.steps li[aria-current] { border-color: var(--accent); color: var(--ink);
  font-weight: 650; }
.live [role=status] { font-weight: 600; }
.detail { min-height: 1.5em; color: var(--soft); overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.shot { margin: 1.1rem 0; }
.shot div { overflow-x: auto; border: 1px solid var(--line);
  border-radius: 8px; background: #ffffff; padding: 8px; }
.shot img { display: block; width: 100%; height: auto; min-width: 46rem; }
figcaption { color: var(--soft); font-size: .875rem; margin-top: .3rem; }
.queue { padding-left: 1.3rem; }
.queue li { overflow-wrap: anywhere; }
td.text { white-space: normal; min-width: 9rem; overflow-wrap: anywhere; }
@media (max-width: 760px) { .columns { display: block; } }
@media (max-width: 640px) { .bar div { padding: .6rem 12px; }
  footer { padding: 0 12px 30px; } .card { padding: 14px; }
  .figures { grid-template-columns: 1fr 1fr; gap: 8px; }
  .figures div { padding: .6rem .7rem; } .figures b { font-size: 1.35rem; }
  .steps { display: block; } .steps li { border-top: 0;
    border-left: 4px solid var(--line); padding: .15rem .7rem;
    margin: .25rem 0; } }
@media (prefers-reduced-motion: no-preference) {
  .drop, .steps li { transition: border-color .2s; } }
"""

STYLE = page_style.STYLE + _STYLE
