# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

_PROGRAM = """
import os, sys
from depth_mai.files import output_streams
output_streams.make_printable()
print(os.fsdecode(b'caf\\xe9'), 'a\\tb \\x1b[31m \\u202e \\udce9 \\xe4')
print('one\\ntwo', file=sys.stderr)
if 'bytes' in sys.argv:
  sys.stdout.flush()
  sys.stdout.buffer.write(b'\\x1b[0m\\n')
for number in range(20000):
  print('line', number)
failure = output_streams.finish()
with open(sys.argv[1], 'w') as stream:
  stream.write(failure.strerror if failure else 'done')
"""
_ESCAPED = 'caf\\xe9 a\tb \\x1b[31m \\u202e \\xe9 '


class OutputStreamsTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.result = pathlib.Path(self.create_tempdir().full_path, 'result')

  def start(self, *arguments, **environment):
    paths = os.pathsep.join(filter(None, sys.path))
    return {
      'args': [sys.executable, '-c', _PROGRAM, str(self.result), *arguments],
      'env': os.environ | {'PYTHONPATH': paths} | environment,
    }

  @parameterized.parameters(
    ('utf-8:strict', 'ä'), ('ascii:strict', '\\xe4'), ('latin-1:strict', 'ä')
  )
  def test_every_text_can_be_printed_and_none_is_obeyed(self, encoding, umlaut):
    done = subprocess.run(
      **self.start('bytes', PYTHONIOENCODING=encoding),
      capture_output=True,
      check=True,
    )
    lines = done.stdout.decode(encoding.partition(':')[0]).splitlines()
    # Bytes are the program's own.
    self.assertEqual(lines[:2], [f'{_ESCAPED}{umlaut}', '\x1b[0m'])
    self.assertEqual(lines[-1], 'line 19999')
    self.assertEqual(done.stderr, b'one\ntwo\n')

  def test_a_reader_that_goes_away_ends_nothing(self):
    process = subprocess.Popen(
      **self.start(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    self.assertEqual(process.stderr.read(), b'one\ntwo\n')
    self.assertEqual(process.wait(), 0)
    self.assertEqual(self.result.read_text(), 'done')

  def test_a_full_disk_is_known_at_the_end(self):
    with open('/dev/full', 'wb') as full:
      done = subprocess.run(
        **self.start(), stdout=full, stderr=subprocess.PIPE, check=True
      )
    self.assertEqual(done.stderr, b'one\ntwo\n')
    self.assertEqual(self.result.read_text(), 'No space left on device')

  def test_the_replaced_stream_closes_nothing(self):
    program = (
      'import gc, io, sys\n'
      'from depth_mai.files import output_streams\n'
      'sys.stdout = io.TextIOWrapper(open(1, "wb", closefd=False))\n'
      'output_streams.make_printable()\n'
      'output_streams.make_printable()\n'
      'gc.collect()\n'
      'print("a\\x1b")\n'
    )
    start = self.start()
    start['args'] = [sys.executable, '-c', program]
    done = subprocess.run(**start, capture_output=True, check=True)
    self.assertEqual(done.stdout, b'a\\x1b\n')

  def test_a_closed_output(self):
    start = self.start()
    start['args'] = ['sh', '-c', '"$@" >&-', 'sh', *start['args']]
    subprocess.run(**start, stderr=subprocess.DEVNULL, check=True)
    self.assertEqual(self.result.read_text(), 'done')


if __name__ == '__main__':
  absltest.main()
