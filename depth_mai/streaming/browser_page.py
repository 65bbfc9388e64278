# SPDX-License-Identifier: Apache-2.0
"""The page of the live view. It loads nothing but the stream beside it."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Live depth</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2329;
  --soft: #5c6670; --line: #dde2e7; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c;
  --ink: #e6eaee; --soft: #9aa5b0; --line: #2d343b; } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1440px; margin: 0 auto; padding: 20px; }
h1 { font-size: 1.3rem; margin: 0 0 .7rem; }
h1 small { color: var(--soft); font-weight: 400; font-size: 1rem; }
img { display: block; width: 100%; background: #ffffff; border-radius: 8px;
  border: 1px solid var(--line); }
dl { display: flex; flex-wrap: wrap; gap: .3rem 2.2rem; margin: 1rem 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
#ended { color: #c2410c; }
[hidden] { display: none; }
</style>
<main>
<h1>Live depth <small id="what"></small></h1>
<img id="live" alt="Picture, its predicted depth, and a bar in metres">
<dl id="figures"></dl>
<p id="ended" hidden>
The stream has ended. The page goes on when it is back.</p>
</main>
<script>
const byId = (id) => document.getElementById(id);
let running = false;
function show(figures) {
  byId('figures').replaceChildren(...figures.map(([name, value]) => {
    const cell = document.createElement('div');
    cell.append(document.createElement('dt'), document.createElement('dd'));
    cell.firstChild.textContent = name;
    cell.lastChild.textContent = value;
    return cell;
  }));
}
async function refresh() {
  try {
    const answer = await fetch('statistics', {cache: 'no-store'});
    const got = await answer.json();
    byId('what').textContent = `${got.model}, ${got.source}`;
    const rate = got.frames_per_second;
    show([
      ['frames per second', rate === null ? '–' : rate.toFixed(1)],
      ...Object.entries(got.stages_ms).map(
        ([name, ms]) => [name, `${ms.toFixed(1)} ms`]),
      ['frames shown', got.frames],
      ['dropped', got.dropped],
    ]);
    if (!running) byId('live').src = `stream?${Date.now()}`;
    running = true;
  } catch (error) {
    running = false;
  }
  byId('ended').hidden = running;
  setTimeout(refresh, 500);
}
window.addEventListener('load', refresh);
</script>
</html>
"""
