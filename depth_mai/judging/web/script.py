# SPDX-License-Identifier: Apache-2.0
"""What the pages do with JavaScript; without, they do it with a reload.

`tests/judging/web/script_test.py` runs it in a browser.
"""

from depth_mai.report import page_style

# Sends the form and shows how much of it has arrived.
_UPLOAD = """
const form = document.querySelector('form.upload');
if (form) {
  const input = form.querySelector('input[type=file]');
  const zone = form.querySelector('.drop');
  const chosen = form.querySelector('.chosen');
  const button = form.querySelector('button.go');
  const sending = form.querySelector('.sending');
  const bar = sending.querySelector('progress');
  const said = sending.querySelector('[role=status]');
  const wrong = form.querySelector('[role=alert]');
  const megabytes = bytes => (bytes / 2 ** 20).toFixed(2) + ' MB';
  const fail = text => {
    wrong.textContent = text;
    wrong.hidden = !text;
    if (!text) return;
    sending.hidden = true;
    button.disabled = input.disabled = false;
  };
  const show = () => {
    const file = input.files[0];
    chosen.textContent = file ? megabytes(file.size) : '';
    zone.classList.toggle('full', Boolean(file));
    const most = Number(form.dataset.mostBytes);
    fail(file && file.size > most ? 'The file has ' + megabytes(file.size) +
      '; this server takes ' + megabytes(most) + '.' : '');
    button.disabled = !wrong.hidden;
  };
  input.addEventListener('change', show);
  addEventListener('pageshow', show);
  // A file that misses the zone must not replace the page.
  for (const name of ['dragenter', 'dragover', 'dragleave', 'drop'])
    addEventListener(name, event => {
      event.preventDefault();
      zone.classList.toggle('over', zone.contains(event.target) &&
        (name === 'dragenter' || name === 'dragover'));
    });
  zone.addEventListener('drop', event => {
    if (!event.dataTransfer.files.length || input.disabled) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    show();
  });
  form.addEventListener('submit', event => {
    event.preventDefault();
    if (!input.files.length) return fail('Choose a file first.');
    const request = new XMLHttpRequest();
    const content = new FormData(form);
    request.open('POST', form.action);
    request.setRequestHeader('Accept', 'application/json');
    request.responseType = 'json';
    request.upload.addEventListener('progress', event => {
      bar.value = event.loaded / event.total;
    });
    request.addEventListener('load', () => {
      const answer = request.response || {};
      if (request.status === 202) location.assign(answer.page);
      else fail(answer.error || 'The server answered ' + request.status + '.');
    });
    request.addEventListener('error', () => fail('The upload broke off: the ' +
      'server is gone, or does not take the file. Reload this page.'));
    fail('');
    bar.value = 0;
    said.textContent = 'Sending ' + input.files[0].name;
    sending.hidden = false;
    button.disabled = input.disabled = true;
    request.send(content);
  });
}
"""

# Follows a file on its way to the verdict.
_FOLLOW = """
const live = document.querySelector('.live');
if (live) {
  const steps = [...live.querySelectorAll('.steps li')];
  const bar = live.querySelector('progress');
  const said = live.querySelector('[role=status]');
  const detail = live.querySelector('.detail');
  let failures = 0;
  const follow = async () => {
    let job;
    try {
      const answer = await fetch(live.dataset.source, {cache: 'no-store'});
      job = await answer.json();
      failures = 0;
    } catch {
      if (++failures > 2) said.textContent =
        'The server does not answer. This page goes on when it does.';
      return setTimeout(follow, 3000);
    }
    if (!['waiting', 'running'].includes(job.state)) return location.reload();
    const now = steps.findIndex(step => step.dataset.stage === job.stage);
    steps.forEach((step, number) => {
      step.classList.toggle('done', number < now);
      if (number === now) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
    });
    if (job.state === 'running' && job.fraction > 0) bar.value = job.fraction;
    else bar.removeAttribute('value');
    // Read out when it changes, so not with every picture.
    if (said.textContent !== job.headline) said.textContent = job.headline;
    detail.textContent = job.text;
    setTimeout(follow, 500);
  };
  follow();
}
"""

SCRIPT = "'use strict';" + page_style.SCRIPT + _UPLOAD + _FOLLOW
