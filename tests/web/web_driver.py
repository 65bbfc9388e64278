# SPDX-License-Identifier: Apache-2.0
"""Drives a real headless Chromium, over the WebDriver protocol.

Implements the part of https://www.w3.org/TR/webdriver2/ and of Chromium's own
commands that the tests need. (Selenium would be one more package for them.)
"""

import base64
from http import client
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

_ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
# chromedriver's error for an element of an earlier page.
_GONE = ('stale element', 'does not belong to the document')
_BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')
_ARGUMENTS = (
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
  # Only this machine can be reached, under a second name, too.
  '--host-resolver-rules=MAP evil.example 127.0.0.1, MAP * ~NOTFOUND, '
  'EXCLUDE 127.0.0.1',
  '--window-size=1280,900',
)


def what_is_missing() -> str:
  """Returns why no browser can be driven here; '' if one can."""
  if not shutil.which('chromedriver'):
    return 'there is no chromedriver (Debian: apt-get install chromium-driver)'
  if not any(map(shutil.which, _BROWSERS)):
    return f'there is none of {", ".join(_BROWSERS)}'
  return ''


class Browser:
  """A browser with one window."""

  def __init__(self, profile_dir: str, javascript: bool = True):
    """Starts the browser.

    Args:
      profile_dir: a new, empty folder.
      javascript: whether pages may run scripts.
    """
    self._driver = subprocess.Popen(
      ['chromedriver', '--port=0'],
      stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
      text=True,
    )
    self._session = ''
    try:
      self._port = self._read_port()
      self._session = self._start(profile_dir, javascript)
    except BaseException:
      self.close()
      raise

  def close(self) -> None:
    """Ends the browser."""
    if self._session:
      self._call('DELETE', '')
    self._driver.terminate()
    self._driver.wait()
    self._driver.stdout.close()

  def open(self, url: str) -> None:
    """Loads a page."""
    self._call('POST', '/url', {'url': url})

  @property
  def url(self) -> str:
    """The address of the current page."""
    return self._call('GET', '/url')

  def find(self, selector: str) -> list[str]:
    """Returns handles of the elements that match a CSS selector."""
    found = self._call(
      'POST', '/elements', {'using': 'css selector', 'value': selector}
    )
    return [element[_ELEMENT] for element in found]

  def wait_for(self, selector: str, seconds: float = 30.0) -> str:
    """Returns the first element that matches, once there is one."""
    end_s = time.monotonic() + seconds
    while not (found := self.find(selector)):
      if time.monotonic() > end_s:
        raise AssertionError(f'no {selector} at {self.url}: {self.text()}')
      time.sleep(0.05)
    return found[0]

  def wait_until(self, condition, seconds: float = 30.0) -> None:
    """Waits until a function returns something true."""
    end_s = time.monotonic() + seconds
    while not condition():
      if time.monotonic() > end_s:
        raise AssertionError(f'timed out at {self.url}: {self.text()}')
      time.sleep(0.05)

  def text(self, selector: str = 'body') -> str:
    """Returns the visible text of the first element that matches, or ''."""
    # Between two pages there is no body, or that of the page before.
    try:
      found = self.find(selector)
      return self._call('GET', f'/element/{found[0]}/text') if found else ''
    except RuntimeError as error:
      if any(text in str(error) for text in _GONE):
        return ''
      raise

  def type(self, selector: str, text: str) -> None:
    """Types into an element; a path into one that takes a file."""
    self._call(
      'POST', f'/element/{self.find(selector)[0]}/value', {'text': text}
    )

  def click(self, selector: str) -> None:
    """Clicks on the first element that matches."""
    self._call('POST', f'/element/{self.find(selector)[0]}/click', {})

  def press(self, key: str) -> None:
    """Presses a key, as https://www.w3.org/TR/webdriver2/ numbers them."""
    strokes = [{'type': kind, 'value': key} for kind in ('keyDown', 'keyUp')]
    actions = [{'type': 'key', 'id': 'keys', 'actions': strokes}]
    self._call('POST', '/actions', {'actions': actions})

  def run(self, script: str, *arguments):
    """Runs the body of a function and returns its result."""
    body = {'script': script, 'args': list(arguments)}
    return self._call('POST', '/execute/sync', body)

  def devtools(self, command: str, **parameters):
    """Sends a command of the DevTools protocol."""
    body = {'cmd': command, 'params': parameters}
    return self._call('POST', '/goog/cdp/execute', body)

  def console_errors(self) -> list[str]:
    """Returns the warnings and errors since the last call."""
    entries = self._call('POST', '/se/log', {'type': 'browser'})
    return [
      entry['message']
      for entry in entries
      if entry['level'] in ('WARNING', 'SEVERE')
    ]

  def requested(self) -> list[str]:
    """Returns the addresses it requested since the last call."""
    entries = self._call('POST', '/se/log', {'type': 'performance'})
    messages = [json.loads(entry['message'])['message'] for entry in entries]
    return [
      message['params']['request']['url']
      for message in messages
      if message['method'] == 'Network.requestWillBeSent'
    ]

  def colour_scheme(self, name: str) -> None:
    """Makes the pages 'light' or 'dark'."""
    feature = {'name': 'prefers-color-scheme', 'value': name}
    self.devtools('Emulation.setEmulatedMedia', features=[feature])

  def size(self, width: int, height: int, phone: bool = False) -> None:
    """Sets the size of the window."""
    self.devtools(
      'Emulation.setDeviceMetricsOverride',
      width=width,
      height=height,
      deviceScaleFactor=2 if phone else 1,
      mobile=phone,
    )

  def save_screenshot(self, path: str | os.PathLike[str]) -> None:
    """Writes a picture of the whole page, as long as it is."""
    shot = self.devtools('Page.captureScreenshot', captureBeyondViewport=True)
    pathlib.Path(path).write_bytes(base64.b64decode(shot['data']))

  def _read_port(self) -> int:
    for line in self._driver.stdout:
      if match := re.search(r'started successfully on port (\d+)', line):
        return int(match[1])
    raise RuntimeError('chromedriver did not start.')

  def _start(self, profile_dir, javascript):
    options = {
      'binary': next(filter(None, map(shutil.which, _BROWSERS))),
      'args': [*_ARGUMENTS, f'--user-data-dir={profile_dir}'],
    }
    if not javascript:
      key = 'profile.managed_default_content_settings.javascript'
      options['prefs'] = {key: 2}
    wanted = {
      'browserName': 'chrome',
      'goog:chromeOptions': options,
      'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'},
    }
    body = {'capabilities': {'alwaysMatch': wanted}}
    return self._call('POST', '', body)['sessionId']

  def _call(self, method, path, body=None):
    connection = client.HTTPConnection('127.0.0.1', self._port, timeout=60)
    base = f'/session/{self._session}' if self._session else '/session'
    try:
      connection.request(
        method, base + path, None if body is None else json.dumps(body)
      )
      value = json.loads(connection.getresponse().read())['value']
    finally:
      connection.close()
    if isinstance(value, dict) and 'error' in value:
      raise RuntimeError(f'{path}: {value["message"]}')
    return value
