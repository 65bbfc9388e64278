# SPDX-License-Identifier: Apache-2.0
"""Numbered pictures for tests of moving pictures."""

import io
import signal
import subprocess
import sys

import numpy as np
from PIL import Image

# A program that writes the Motion JPEG file of its first argument again and
# again, a picture every hundredth of a second, as a camera would.
ENDLESS = """
import sys, time
jpegs = open(sys.argv[1], 'rb').read().split(b'\\xff\\xd8')[1:]
while True:
  for jpeg in jpegs:
    sys.stdout.buffer.write(b'\\xff\\xd8' + jpeg)
    sys.stdout.buffer.flush()
    time.sleep(0.01)
"""


def picture(number, size=(48, 64)):
  """Returns a picture whose red is 20 * number + 10, uint8 [H, W, 3]."""
  rgb_uint8 = np.full((*size, 3), 60, np.uint8)
  rgb_uint8[..., 0] = 20 * number + 10
  return rgb_uint8


def number_of(rgb_uint8):
  """Returns the number of a picture, even after compression."""
  return round((float(np.mean(rgb_uint8[..., 0])) - 10) / 20)


def jpeg(number, **options):
  """Returns `picture` as a JPEG file."""
  file = io.BytesIO()
  Image.fromarray(picture(number)).save(file, 'JPEG', **options)
  return file.getvalue()


def motion_jpeg(path, count):
  """Writes a Motion JPEG file."""
  path.write_bytes(b''.join(jpeg(number) for number in range(count)))


def folder(path, count):
  """Writes a folder of PNGs."""
  path.mkdir()
  for number in range(count):
    Image.fromarray(picture(number)).save(path / f'{number:03d}.png')


def start(code, *arguments, **options):
  """Starts a Python program that reacts to Ctrl-C.

  Programs that a shell starts in the background do not, nor do their children.
  """
  return subprocess.Popen(
    [sys.executable, '-c', code, *map(str, arguments)],
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    **options,
  )
