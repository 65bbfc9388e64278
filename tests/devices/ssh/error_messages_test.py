# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices.ssh import address
from depth_mai.devices.ssh import error_messages

_BOARD = address.Address('board', 'pi', 2222, known_hosts='/k')


class ErrorMessagesTest(parameterized.TestCase):
  # connection_test checks the messages of a real ssh and sshd. These are for
  # networks that no test can set up.
  @parameterized.parameters(
    (
      'ssh: connect to host board port 22: No route to host',
      r'does not answer.*ping board',
    ),
    (
      'ssh: connect to host board port 22: Connection timed out',
      r'does not answer.*ping board',
    ),
    (
      'Connection timed out during banner exchange',
      r'does not answer.*ping board',
    ),
    (
      'ssh: Could not resolve hostname board: Name or service not known',
      r'no host board.*hostname -I',
    ),
    (
      'command-line line 0: unsupported option "x".',
      'OpenSSH 7.6 or newer',
    ),
    ('something new', 'cannot connect; it says: something new'),
    ('', 'it says: nothing'),
  )
  def test_ssh(self, words, message):
    text = error_messages.of_ssh(_BOARD, words, 255)
    self.assertRegex(text, f'^ssh://pi@board:2222: .*{message}')

  def test_shell_that_ends_at_once(self):
    words = 'This account is currently not available.\n'
    self.assertRegex(
      error_messages.of_ssh(_BOARD, words, 1),
      'code 1 before anything ran; it says: This account .* available.. Try: '
      'ssh .* board true',
    )

  @parameterized.parameters(
    ('busy', 'Wait for it'),
    ('damaged', 'Run this again'),
    ('pip_slow', 'reaches pypi.org'),
    ('no_venv', 'apt-get install python3-venv'),
  )
  def test_agent(self, kind, cure):
    text = error_messages.of_agent(_BOARD, {'failed': kind}, 'copying')
    self.assertRegex(text, f'^ssh://pi@board:2222, copying: .*{cure}')

  def test_named_python(self):
    board = address.Address('board', python='/opt/python')
    text = error_messages.of_agent(board, {'failed': 'no_python'}, 'connecting')
    self.assertIn('there is no /opt/python', text)


if __name__ == '__main__':
  absltest.main()
