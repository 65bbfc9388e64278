// Fills the page of the live view: the stream, its figures twice a second, and a
// frozen frame with its depth. Uses depth_view.js.
'use strict';

const byId = id => document.getElementById(id);
const colours = depthColours(JSON.parse(byId('data').textContent));
// The frozen frame, as the server describes it, or null.
let frame = null;
// Whether the server answers, whether it is streaming to this page, and whether a
// button is at work.
let answers = false;
let streaming = false;
let busy = false;
// What the bar shows, to draw it only when it changes.
let shownRange = '';

function show(figures) {
  byId('figures').replaceChildren(...figures.map(([name, value]) => {
    const cell = document.createElement('div');
    cell.append(document.createElement('b'), document.createElement('span'));
    cell.firstChild.textContent = value;
    cell.lastChild.textContent = name;
    return cell;
  }));
}

function showRange(range) {
  const text = JSON.stringify(range.ticks);
  if (text === shownRange) return;
  shownRange = text;
  byId('bar').replaceChildren();
  addBar(byId('bar'), range, colours);
}

// Shows the stream, or the frozen frame in its place. The stream is not loaded
// while it is not seen.
function update() {
  const wanted = answers && !frame;
  if (wanted && !streaming) byId('live').src = `stream?bar=no&${Date.now()}`;
  if (frame && streaming) byId('live').removeAttribute('src');
  streaming = wanted;
  byId('running').hidden = !wanted;
  byId('frozen').hidden = !frame;
  byId('freeze').textContent = frame ? 'Continue' : 'Freeze';
  byId('freeze').disabled = busy || !(answers || frame);
  byId('save').disabled = busy || !answers;
  byId('ended').hidden = answers;
}

async function refresh() {
  try {
    const answer = await fetch('statistics', {cache: 'no-store'});
    if (!answer.ok) throw new Error(answer.statusText);
    const got = await answer.json();
    byId('origin').textContent = `${got.model}, ${got.source}`;
    const rate = got.frames_per_second;
    byId('rate').textContent =
      `${rate === null ? '–' : rate.toFixed(1)} frames per second`;
    show([
      ...Object.entries(got.stages_ms).map(
        ([name, ms]) => [name, `${ms.toFixed(ms < 100 ? 1 : 0)} ms`]),
      ['shown', got.frames],
      ['dropped', got.dropped],
    ]);
    answers = true;
    showRange(got);
  } catch (error) {
    answers = false;
  }
  update();
  setTimeout(refresh, 500);
}

// Returns the answer; throws the server's sentence if it refuses.
async function ask(address, options) {
  const answer = await fetch(address, options);
  if (answer.ok) return answer;
  throw new Error((await answer.json()).error);
}

async function take() {
  return (await ask('frames', {method: 'POST'})).json();
}

async function freeze() {
  if (frame) {
    frame = null;
    byId('frozen').replaceChildren();
    return '';
  }
  frame = await take();
  addDepthView(byId('frozen'), frame, colours, `Frame ${frame.name}`);
  return '';
}

async function save() {
  const saved = frame || await take();
  const place = `frames/${saved.number}`;
  if (saved.recorded) {
    const answer = await ask(`${place}/save`, {method: 'POST'});
    return `Saved ${(await answer.json()).saved}.`;
  }
  const names = ['depth.png', 'side_by_side.png'];
  // Both are here before either is stored.
  const files = await Promise.all(
    names.map(async name => (await ask(`${place}/${name}`)).blob()));
  names.forEach((name, i) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(files[i]);
    link.download = `${saved.name}_${name}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
  return `Downloaded ${names.map(name => `${saved.name}_${name}`).join(' and ')}.`;
}

// Runs what a button does, one at a time, and shows its result.
async function act(action) {
  if (busy) return;
  busy = true;
  update();
  try {
    byId('message').textContent = await action();
  } catch (error) {
    byId('message').textContent = error instanceof TypeError
      ? 'The server does not answer.' : error.message;
  }
  busy = false;
  update();
}

const actions = {freeze, save};
for (const [id, action] of Object.entries(actions)) {
  byId(id).addEventListener('click', event => {
    // After a click by mouse, the space bar must not press this button again.
    if (event.detail) byId(id).blur();
    act(action);
  });
}
document.addEventListener('keydown', event => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const id = {' ': 'freeze', s: 'save', S: 'save'}[event.key];
  // A focused button or link keeps its own space bar.
  if (!id || (event.key === ' ' && event.target.closest('a, button'))) return;
  event.preventDefault();
  byId(id).click();
});
window.addEventListener('load', refresh);
