// Shows the progress of an upload, and of a job until its verdict. Without
// JavaScript the pages do the same by reloading.
'use strict';

const form = document.querySelector('form.upload');
if (form) {
  const input = form.querySelector('input[type=file]');
  const zone = form.querySelector('.drop');
  const chosen = form.querySelector('.chosen');
  const button = form.querySelector('button.go');
  const sending = form.querySelector('.sending');
  const bar = sending.querySelector('progress');
  const status = sending.querySelector('[role=status]');
  const alert = form.querySelector('[role=alert]');
  const megabytes = bytes => (bytes / 2 ** 20).toFixed(2) + ' MB';
  const fail = text => {
    alert.textContent = text;
    alert.hidden = !text;
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
    button.disabled = !alert.hidden;
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

  // XMLHttpRequest, because fetch reports no progress of an upload.
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
    request.addEventListener('error', () => fail('The upload failed: the ' +
      'server has stopped, or it refuses the file. Reload this page.'));
    fail('');
    bar.value = 0;
    status.textContent = 'Sending ' + input.files[0].name;
    sending.hidden = false;
    button.disabled = input.disabled = true;
    request.send(content);
  });
}

const live = document.querySelector('.live');
if (live) {
  const steps = [...live.querySelectorAll('.steps li')];
  const bar = live.querySelector('progress');
  const status = live.querySelector('[role=status]');
  const detail = live.querySelector('.detail');
  let failures = 0;
  const follow = async () => {
    let job;
    try {
      const answer = await fetch(live.dataset.source, {cache: 'no-store'});
      job = await answer.json();
      failures = 0;
    } catch {
      if (++failures > 2) status.textContent =
        'The server does not answer. This page continues when it does.';
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
    // Screen readers read every change aloud, so it is not set needlessly.
    if (status.textContent !== job.headline) status.textContent = job.headline;
    detail.textContent = job.text;
    setTimeout(follow, 500);
  };
  follow();
}
