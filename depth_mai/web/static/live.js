// Fills the page of the live view: the stream, and its figures twice a second.
'use strict';

const byId = id => document.getElementById(id);
let running = false;

function show(figures) {
  byId('figures').replaceChildren(...figures.map(([name, value]) => {
    const cell = document.createElement('div');
    cell.append(document.createElement('b'), document.createElement('span'));
    cell.firstChild.textContent = value;
    cell.lastChild.textContent = name;
    return cell;
  }));
}

async function refresh() {
  try {
    const answer = await fetch('statistics', {cache: 'no-store'});
    if (!answer.ok) throw new Error(answer.statusText);
    const got = await answer.json();
    byId('origin').textContent = `${got.model}, ${got.source}`;
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
    byId('live').hidden = false;
  } catch (error) {
    running = false;
  }
  byId('ended').hidden = running;
  setTimeout(refresh, 500);
}

window.addEventListener('load', refresh);
