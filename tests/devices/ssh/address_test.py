# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import urllib.parse

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices.ssh import address


class AddressTest(parameterized.TestCase):
  @parameterized.parameters(
    ('ssh://raspberrypi', (None, 'raspberrypi', None), 'raspberrypi'),
    ('ssh://pi@10.0.0.7:2222', ('pi', '10.0.0.7', 2222), 'pi@10.0.0.7'),
    # Aliases in ssh's configuration depend on the case.
    ('ssh://pi@Pi4-Lab', ('pi', 'Pi4-Lab', None), 'pi@Pi4-Lab'),
    ('ssh://Host@HOST', ('Host', 'HOST', None), 'Host@HOST'),
    ('ssh://pi@[fe80::1]:22', ('pi', 'fe80::1', 22), 'pi@fe80::1'),
  )
  def test_host_user_and_port(self, spec, expected, login):
    parsed = address.parse(spec)
    self.assertEqual((parsed.user, parsed.host, parsed.port), expected)
    self.assertEqual(parsed.login(), login)
    self.assertEqual(str(parsed), spec)

  def test_files(self):
    key = self.create_tempfile('a key').full_path
    quoted = urllib.parse.quote(key)
    parsed = address.parse(
      f'ssh://pi@board?python=~/venv/bin/python&identity={quoted}'
      '&known_hosts=~/hosts&config=/dev/null'
    )
    self.assertEqual(parsed.identity, key)
    # The board expands the first path, this machine the second.
    self.assertEqual(parsed.python, '~/venv/bin/python')
    self.assertEqual(parsed.known_hosts, os.path.expanduser('~/hosts'))
    self.assertEqual(parsed.config, '/dev/null')
    # The text leaves out the names of files.
    self.assertEqual(str(parsed), 'ssh://pi@board')

  @absltest.skipIf(shutil.which('ssh') is None, 'ssh is not installed')
  def test_ssh_understands_the_options(self):
    folder = self.create_tempdir('100% sure, with blanks').full_path
    parsed = address.Address(
      'board', 'pi', 2222, identity=f'{folder}/key', known_hosts=f'{folder}/k h'
    )
    shown = subprocess.run(
      ['ssh', '-G', *parsed.ssh_options()],
      capture_output=True,
      text=True,
      check=True,
    ).stdout
    settings = dict(line.split(' ', 1) for line in shown.splitlines())
    self.assertEqual(settings['hostname'], 'board')
    self.assertEqual(settings['user'], 'pi')
    self.assertEqual(settings['port'], '2222')
    self.assertEqual(
      settings['identityfile'].replace('%%', '%'), f'{folder}/key'
    )
    self.assertEqual(settings['identitiesonly'], 'yes')
    self.assertEqual(
      settings['userknownhostsfile'].replace('%%', '%'), f'{folder}/k h'
    )

  @parameterized.parameters(
    ('ssh:board', 'without a path is needed'),
    ('ssh://', 'host None is not a name'),
    ('http://board', 'without a path is needed'),
    ('ssh://board/path', 'without a path is needed'),
    ('ssh://pi:secret@board', 'contains a password'),
    ('ssh://-oProxyCommand=x', 'is not a name or an address'),
    ('ssh://-l@board', "the user '-l' is not a user name"),
    ('ssh://a b', 'is not a name or an address'),
    ('ssh://board:0', 'no port 0'),
    ('ssh://board:99999', '[Pp]ort'),
    ('ssh://board?pyhton=x', 'the key pyhton is none of python, identity'),
    ('ssh://board?python', 'bad query field|python needs one value'),
    ('ssh://board?python=a;reboot', 'bad query field|is not a path'),
    ('ssh://board?python=$(reboot)', 'is not a path'),
    ('ssh://board?python=-c', 'is not a path'),
    ('ssh://board?config=/dev/null&config=/dev/null', 'config needs one value'),
    ('ssh://board?identity=/no/such', 'identity=/no/such: there is no such'),
    ('ssh://board?known_hosts=/a%22b', 'known_hosts needs one value'),
  )
  def test_errors(self, spec, message):
    with self.assertRaisesRegex(ValueError, message) as raised:
      address.parse(spec)
    self.assertIn('Give ssh://USER@HOST[:PORT]', str(raised.exception))


if __name__ == '__main__':
  absltest.main()
