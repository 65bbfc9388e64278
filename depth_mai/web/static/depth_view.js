// A picture and its depth, as report/depth_view.py describes them: a line to drag
// between both, the metres under the pointer, and a bar in metres.
'use strict';

// A finger or a mouse this near takes hold of the line, pixels.
const REACH = 24;

// Returns the colours of depth_view.colour_table.
function depthColours(table) {
  return {map: bytes(table.colours), unknown: table.unknown};
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function element(parent, tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  parent.append(made);
  return made;
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// Returns millimetres, row by row; 0 is unknown.
async function unpacked(picture) {
  const stream = new Blob([bytes(picture.depth)])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'));
  const buffer = await new Response(stream).arrayBuffer();
  const view = new DataView(buffer);
  const depth = new Uint16Array(buffer.byteLength / 2);
  let sum = 0;
  for (let i = 0; i < depth.length; i++) {
    sum = (sum + view.getUint16(2 * i, true)) & 0xffff;
    depth[i] = sum;
  }
  return depth;
}

// Returns the place of a depth on the bar, 0 to 1.
function place(picture, metres) {
  const {near_m: near, far_m: far} = picture;
  return clamp(Math.log(metres / near) / Math.log(far / near), 0, 1);
}

function draw(canvas, picture, depth, colours) {
  const context = canvas.getContext('2d');
  const image = context.createImageData(picture.width, picture.height);
  for (let i = 0; i < depth.length; i++) {
    const step = 3 * Math.round(255 * place(picture, depth[i] / 1000));
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * i + channel] =
        depth[i] ? colours.map[step + channel] : colours.unknown[channel];
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// Adds a bar of a range of depths in metres; returns its mark, which is hidden.
function addBar(parent, range, colours) {
  const bar = element(parent, 'div', 'scale');
  const ramp = element(bar, 'canvas');
  [ramp.width, ramp.height] = [256, 1];
  const image = ramp.getContext('2d').createImageData(256, 1);
  for (let i = 0; i < 256; i++) {
    image.data.set([...colours.map.slice(3 * i, 3 * i + 3), 255], 4 * i);
  }
  ramp.getContext('2d').putImageData(image, 0, 0);
  const labels = range.ticks.map(([text, where]) => {
    const label = element(bar, 'span', '', `${text} m`);
    label.style.left = `${100 * where}%`;
    return label;
  });
  // Labels that would touch the one before are hidden.
  new ResizeObserver(() => {
    let free = -Infinity;
    for (const label of labels) {
      label.hidden = false;
      const {left, right} = label.getBoundingClientRect();
      label.hidden = left < free;
      if (!label.hidden) free = right + 6;
    }
  }).observe(bar);
  const mark = element(bar, 'i');
  mark.hidden = true;
  return mark;
}

// Adds a picture with a heading, or without one if the heading is ''.
function addDepthView(parent, picture, colours, heading) {
  const article = element(parent, 'article', 'depth');
  if (heading) element(article, 'h2', '', heading);
  const stage = element(article, 'div', 'stage');
  stage.style.aspectRatio = `${picture.width} / ${picture.height}`;
  // The whole picture fits on the screen, with the bar below it.
  article.style.maxWidth = `calc(78vh * ${picture.width / picture.height})`;
  const image = element(stage, 'img');
  image.alt = picture.name;
  image.draggable = false;
  const canvas = element(stage, 'canvas');
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `Depth of ${picture.name}`);
  const seam = element(stage, 'div', 'seam');
  seam.tabIndex = 0;
  seam.setAttribute('role', 'slider');
  seam.setAttribute('aria-label', 'Between picture and depth');
  seam.setAttribute('aria-valuemin', 0);
  seam.setAttribute('aria-valuemax', 100);
  const point = element(stage, 'div', 'point');
  const label = element(stage, 'output', 'metres');
  point.hidden = label.hidden = true;
  const mark = addBar(article, picture, colours);
  let depth = null;
  let percent = 50;
  let dragging = false;

  function split(value) {
    percent = clamp(value, 0, 100);
    seam.style.left = `${percent}%`;
    canvas.style.clipPath = `inset(0 0 0 ${percent}%)`;
    seam.setAttribute('aria-valuenow', Math.round(percent));
    seam.setAttribute(
      'aria-valuetext', `${Math.round(percent)} per cent picture`);
  }

  function hide() {
    point.hidden = label.hidden = mark.hidden = true;
  }

  function read(x, y, box) {
    if (!depth) return;
    const column = clamp(Math.floor(x / box.width * picture.width), 0,
      picture.width - 1);
    const row = clamp(Math.floor(y / box.height * picture.height), 0,
      picture.height - 1);
    const metres = depth[row * picture.width + column] / 1000;
    label.textContent = metres ? `${metres.toFixed(2)} m` : 'unknown';
    point.hidden = label.hidden = false;
    point.style.left = `${x}px`;
    point.style.top = `${y}px`;
    // Above the finger, or below it where there is no room.
    const above = y - label.offsetHeight - 18;
    label.style.top = `${above < 4 ? y + 18 : above}px`;
    label.style.left = `${clamp(x - label.offsetWidth / 2, 4,
      box.width - label.offsetWidth - 4)}px`;
    mark.hidden = !metres;
    if (metres) mark.style.left = `${100 * place(picture, metres)}%`;
  }

  function follow(event) {
    const box = stage.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (event.type === 'pointerdown') {
      dragging = Math.abs(x - percent / 100 * box.width) <= REACH;
      stage.setPointerCapture(event.pointerId);
    }
    if (dragging) {
      hide();
      split(100 * x / box.width);
    } else if (x < 0 || y < 0 || x > box.width || y > box.height) {
      hide();
    } else {
      read(x, y, box);
    }
  }

  stage.addEventListener('pointerdown', follow);
  stage.addEventListener('pointermove', follow);
  for (const kind of ['pointerup', 'pointercancel']) {
    stage.addEventListener(kind, () => { dragging = false; });
  }
  stage.addEventListener('pointerleave', (event) => {
    // After a touch, the metres stay.
    if (event.pointerType === 'mouse') hide();
  });
  seam.addEventListener('keydown', (event) => {
    const steps = {ArrowLeft: -2, ArrowRight: 2, Home: -100, End: 100};
    if (!(event.key in steps)) return;
    event.preventDefault();
    split(percent + steps[event.key]);
  });
  split(percent);

  // A picture is decoded when it is about to be seen.
  const observer = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    image.src = picture.picture;
    if (!window.DecompressionStream) {
      element(article, 'p', '', 'This browser is too old to show the depth.');
      return;
    }
    depth = await unpacked(picture);
    draw(canvas, picture, depth, colours);
    article.dataset.ready = '';
  }, {rootMargin: '100%'});
  observer.observe(stage);
  return article;
}
