# SPDX-License-Identifier: Apache-2.0
"""Tests of the judge's pages in a real browser, with the real judge."""

import contextlib
import http.server
import pathlib
import tempfile
import threading

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import settings
from depth_mai.judging import request as request_lib
from depth_mai.judging import stages
from depth_mai.judging.web import server
from tests.judging.web import small_verdicts
from tests.ranking import small_contest
from tests.web import web_driver

_MISSING = web_driver.what_is_missing()
_FILE_MB = 0.5
# Another page, which posts a form to {url} as soon as it is open.
_FOREIGN_PAGE = """<!DOCTYPE html><title>Elsewhere</title><body>
<form method="post" action="{url}judge" enctype="multipart/form-data">
<input name="unit" value="mm"></form>
<script>document.forms[0].submit()</script>"""


@absltest.skipIf(_MISSING, f'No browser: {_MISSING}.')
class BrowserTest(parameterized.TestCase):
  """A browser and a server, each the same for all tests of a class."""

  javascript = True

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = pathlib.Path(
      cls.enterClassContext(tempfile.TemporaryDirectory(prefix='judge_page_'))
    )
    cls.folder = folder
    cls.judge = staticmethod(cls.make_judge(folder))
    cls.address, _ = cls.enterClassContext(
      server.running(
        cls.judge,
        request_lib.JudgeRequest(
          '',
          folder / 'rooms',
          limits=request_lib.Limits(file_mb=_FILE_MB),
          settings=settings.Settings(warmup=1, runs=3),
        ),
        server.Settings(folder / 'out', port=0),
        lambda _: None,
      )
    )
    cls.browser = cls.enterClassContext(
      contextlib.closing(
        web_driver.Browser(str(folder / 'profile'), cls.javascript)
      )
    )

  @classmethod
  def make_judge(cls, folder):
    """Returns the judge, after writing its data."""
    small_contest.write_data(folder / 'rooms')
    return stages.judge

  def file(self, name, content):
    path = self.folder / name
    path.write_bytes(content)
    return str(path)

  def choose(self, path):
    self.browser.open(self.address.url)
    self.browser.type('input[type=file]', path)

  def upload(self, path):
    self.choose(path)
    self.browser.click('button.go')

  def check_quiet(self):
    """Checks that there were no errors and no requests to other servers."""
    self.assertEmpty(self.browser.console_errors())
    # The browser's own pages and pictures are no requests.
    urls = [
      url
      for url in self.browser.requested()
      if not url.startswith(('chrome:', 'data:'))
    ]
    self.assertNotEmpty(urls)
    for url in urls:
      self.assertStartsWith(url, self.address.url)


class JudgedTest(BrowserTest):
  def test_from_upload_to_leaderboard(self):
    browser = self.browser
    self.upload(self.file('net.tflite', small_contest.network(20.0)))
    browser.wait_for('.state.accepted')
    text = browser.text()
    for words in (
      'net.tflite',
      'place among 9, with Table 1',
      'Compared with Table 1 of the paper',
      'This file',
      'JMU-CVLab',
      'Example pictures',
      'not a Raspberry Pi 4',
    ):
      self.assertIn(words, text)
    self.assertLen(browser.find('.shot img'), len(small_contest.IDS))
    for name in small_contest.IDS:
      self.assertIn(f'{name}: si-RMSE', text)
    browser.run(
      "document.querySelectorAll('img').forEach(i => i.loading = 'eager')"
    )
    loaded = (
      "return [...document.querySelectorAll('.shot img')]"
      '.every(i => i.complete && i.naturalWidth > 4 * 64)'
    )
    browser.wait_until(lambda: browser.run(loaded))
    verdict_url = browser.url
    browser.open(self.address.url)
    path = verdict_url.removeprefix(self.address.url.rstrip('/'))
    link = f'tbody a[href="{path}"]'
    self.assertIn('net.tflite', browser.text(link))
    browser.click(link)
    self.assertEqual(browser.url, verdict_url)
    self.check_quiet()

  def test_rejected_with_all_errors(self):
    whole = small_contest.network()
    self.upload(self.file('half.tflite', whole[: len(whole) // 2]))
    self.browser.wait_for('.state.rejected')
    self.assertNotEmpty(self.browser.text('.notes.errors'))
    self.assertEmpty(self.browser.find('.figures'))
    self.check_quiet()

  def test_dropped_file(self):
    browser = self.browser
    browser.open(self.address.url)
    content = small_contest.network(10.0)
    browser.run(
      """
      const data = new DataTransfer();
      const content = new Uint8Array(arguments[0]);
      data.items.add(new File([content], 'dropped.tflite'));
      document.querySelector('.drop').dispatchEvent(new DragEvent(
        'drop', {dataTransfer: data, bubbles: true, cancelable: true}));
      """,
      list(content),
    )
    chosen = "return document.querySelector('input[type=file]').files[0].name"
    self.assertEqual(browser.run(chosen), 'dropped.tflite')
    browser.click('button.go')
    browser.wait_for('.state.accepted')
    self.assertIn('dropped.tflite', browser.text('h1'))
    self.check_quiet()


class StandInTest(BrowserTest):
  """A judge with a known verdict and duration."""

  @classmethod
  def make_judge(cls, folder):
    return small_verdicts.Judge()

  def setUp(self):
    super().setUp()
    self.judge.started.clear()
    self.judge.go_on.clear()
    self.addCleanup(self.judge.go_on.set)
    self.browser.console_errors()
    self.browser.requested()


class WithScriptsTest(StandInTest):
  def test_progress_and_verdict(self):
    browser = self.browser
    self.upload(self.file('slow.tflite', b'slow'))
    browser.wait_for('li[data-stage=fidelity][aria-current=step]')
    self.assertEqual(browser.text('[role=status]'), 'Judging: Fidelity')
    browser.wait_until(lambda: browser.text('.detail') == '1 of 2 pictures')
    value = "return document.querySelector('.live progress').value"
    self.assertEqual(browser.run(value), 0.5)
    self.judge.go_on.set()
    browser.wait_for('.state.accepted')
    self.check_quiet()

  def test_queue_and_cancel(self):
    browser = self.browser
    self.upload(self.file('slow.tflite', b'slow'))
    browser.wait_for('.live')
    self.assertTrue(self.judge.started.wait(20.0))
    self.upload(self.file('second.tflite', b'good'))
    browser.wait_for('.live')
    browser.wait_until(
      lambda: browser.text('[role=status]') == 'Waiting, 1 ahead'
    )
    second = browser.url
    browser.open(self.address.url)
    self.assertIn('slow.tflite running', browser.text('.queue'))
    browser.click('.queue a')
    browser.click('button.stop')
    browser.wait_for('.state.cancelled')
    # Now it is judged.
    browser.open(second)
    browser.wait_for('.state.accepted')
    self.check_quiet()

  def test_too_large(self):
    browser = self.browser
    size = int(_FILE_MB * 2**20) + 1
    self.choose(self.file('large.tflite', bytes(size)))
    self.assertIn('takes 0.50 MB', browser.text('[role=alert]'))
    enabled = "return !document.querySelector('button.go').disabled"
    self.assertFalse(browser.run(enabled))
    browser.type('input[type=file]', self.file('good.tflite', b'good'))
    self.assertTrue(browser.run(enabled))
    self.assertFalse(browser.find('[role=alert]:not([hidden])'))
    self.check_quiet()

  def test_refusal_is_shown(self):
    browser = self.browser
    self.upload(self.file('empty.tflite', b''))
    browser.wait_until(lambda: 'no file' in browser.text('[role=alert]'))
    self.assertEqual(browser.url, self.address.url)

  def test_a_name_is_only_a_name(self):
    browser = self.browser
    name = '<img src=x onerror=document.title=1>.tflite'
    self.upload(self.file(name, b'good'))
    browser.wait_for('.state.accepted')
    self.assertEqual(browser.text('h1'), name)
    browser.open(self.address.url)
    self.assertIn(name, browser.text('table'))
    self.assertEmpty(browser.find('img[src=x]'))
    self.check_quiet()

  def test_form_of_another_page(self):
    page = _FOREIGN_PAGE.format(url=self.address.url).encode()

    class Foreign(http.server.BaseHTTPRequestHandler):
      def do_GET(self):  # noqa: N802
        self.send_response(200)
        self.send_header('Content-Type', 'text/html')
        self.end_headers()
        self.wfile.write(page)

      def log_message(self, *_):
        pass

    before = len(self.judge.requests)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Foreign) as foreign:
      thread = threading.Thread(target=foreign.serve_forever)
      thread.start()
      try:
        self.browser.open(f'http://127.0.0.1:{foreign.server_address[1]}/')
        self.browser.wait_until(
          lambda: 'comes from another page' in self.browser.text()
        )
      finally:
        foreign.shutdown()
        thread.join()
    self.assertLen(self.judge.requests, before)

  def test_another_name_of_this_machine(self):
    port = self.address.port
    self.browser.open(f'http://evil.example:{port}/')
    self.assertIn('answers to localhost', self.browser.text())
    self.assertEmpty(self.browser.find('form'))

  @parameterized.parameters('light', 'dark')
  def test_fits_a_phone(self, scheme):
    browser = self.browser
    self.upload(self.file('a_rather_long_name_of_a_file' * 3, b'good'))
    browser.wait_for('.state.accepted')
    verdict_url = browser.url
    browser.colour_scheme(scheme)
    browser.size(360, 780, phone=True)
    try:
      for url in (verdict_url, self.address.url):
        browser.open(url)
        width = browser.run('return document.documentElement.scrollWidth')
        self.assertEqual(width, 360)
        colour = browser.run(
          'return getComputedStyle(document.body).backgroundColor'
        )
        dark = colour != 'rgb(255, 255, 255)'
        self.assertEqual(dark, scheme == 'dark')
    finally:
      browser.size(1280, 900)
      browser.colour_scheme('light')

  def test_with_the_keyboard(self):
    browser = self.browser
    self.choose(self.file('good.tflite', b'good'))
    focused = (
      'const e = document.activeElement; return e.className || e.type || e.href'
    )
    seen = []
    for _ in range(12):
      browser.press('\ue004')  # Tab
      seen.append(browser.run(focused))
      if seen[-1] == 'go':
        break
    self.assertIn('file', seen)
    self.assertEqual(seen[-1], 'go', seen)
    browser.press('\ue007')  # Enter
    browser.wait_for('.state.accepted')


class WithoutScriptsTest(StandInTest):
  """The pages work where scripts are switched off."""

  javascript = False

  def test_progress_and_verdict(self):
    browser = self.browser
    self.upload(self.file('slow.tflite', b'slow'))
    browser.wait_for('li[data-stage=fidelity][aria-current=step]')
    self.assertEqual(browser.text('[role=status]'), 'Judging: Fidelity')
    self.judge.go_on.set()
    browser.wait_for('.state.accepted')  # By reloading itself.
    self.check_quiet()

  def test_too_large(self):
    """The server reports it after the upload."""
    size = int(_FILE_MB * 2**20) + 1
    self.upload(self.file('large.tflite', bytes(size)))
    self.browser.wait_until(
      lambda: 'larger than the 0.5 MB' in self.browser.text()
    )

  def test_refusal_is_shown(self):
    """The refusal has a page of its own."""
    self.upload(self.file('empty.tflite', b''))
    self.browser.wait_until(lambda: 'no file' in self.browser.text())

  def test_queue_and_cancel(self):
    browser = self.browser
    self.upload(self.file('slow.tflite', b'slow'))
    browser.wait_for('button.stop')
    browser.click('button.stop')
    browser.wait_for('.state.cancelled')


if __name__ == '__main__':
  absltest.main()
