# SPDX-License-Identifier: Apache-2.0
"""Writes pairs to a folder in the challenge's layout, in several processes."""

import multiprocessing
import os
import signal
import sys
import time
import zlib

from PIL import Image

from depth_mai.datasets.procedural_rooms import scene
from depth_mai.files import atomic

RGB_FORMATS = ('png', 'jpg')

_JPEG_QUALITY = 95
_PNG_LEVEL = 1
_PROGRESS_S = 10.0
_THREAD_FLAGS = (
  'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'
)  # fmt: skip


def write(
  output_dir,
  counts,
  seed=0,
  options=scene.DEFAULT_OPTIONS,
  workers=0,
  rgb_format='png',
  log=None,
):
  """Writes `<output_dir>/<split>/{rgb,depth}/<id>` files.

  Files are written atomically, the picture before its depth. A pair whose two
  files exist is not written again.

  Args:
    output_dir: folder; it is created if it does not exist.
    counts: dict from the split to its number of pairs.
    seed: seed of the data set, 0 <= seed < 2 ** 32.
    options: `scene.SceneOptions`.
    workers: number of processes; 0 for one per processor, 1 for this one only.
    rgb_format: 'png' or 'jpg'.
    log: called with lines of progress; None prints them to stderr.

  Returns:
    The number of pairs written; existing pairs do not count.
  """
  if rgb_format not in RGB_FORMATS:
    raise ValueError(
      f'--rgb_format must be one of {RGB_FORMATS}, not {rgb_format!r}.'
    )
  log = log or (lambda line: print(line, file=sys.stderr, flush=True))
  jobs = []
  for split, count in counts.items():
    for index in range(count):
      pair = pair_seed_and_paths(output_dir, split, index, seed, rgb_format)
      if not all(os.path.exists(path) for path in pair[1:]):
        jobs.append((*pair, options))
  kept = sum(counts.values()) - len(jobs)
  if kept:
    log(f'{kept} pairs exist already.')
  workers = min(workers or os.cpu_count() or 1, max(len(jobs), 1))
  if workers == 1:
    _report_progress(map(_write_pair, jobs), len(jobs), log)
    return len(jobs)
  # One thread per process: NumPy reads this when it is imported there.
  for name in _THREAD_FLAGS:
    os.environ.setdefault(name, '1')
  context = multiprocessing.get_context('spawn')
  # Ctrl-C reaches every process; this one ends the others.
  ignore = (signal.SIGINT, signal.SIG_IGN)
  with context.Pool(workers, signal.signal, ignore) as pool:
    _report_progress(pool.imap_unordered(_write_pair, jobs), len(jobs), log)
  return len(jobs)


def pair_seed_and_paths(output_dir, split, index, seed, rgb_format='png'):
  """Returns (seed of the pair, path of its picture, path of its depth)."""
  name = f'{index:05d}'
  root = os.path.join(output_dir, split)
  return (
    scene.pair_seed(seed, split, index),
    os.path.join(root, 'rgb', f'{name}.{rgb_format}'),
    os.path.join(root, 'depth', f'{name}.png'),
  )


def _report_progress(results, count, log):
  """Waits for the results and reports progress."""
  start = last = time.monotonic()
  for done, _ in enumerate(results, 1):
    now = time.monotonic()
    if now - last > _PROGRESS_S or done == count:
      speed = done / max(now - start, 1e-9)
      log(f'{done} of {count} pairs, {speed:.1f} pairs/s')
      last = now


def _write_pair(job):
  seed, rgb_path, depth_path, options = job
  rgb_uint8, depth_mm = scene.make_pair(seed, options)
  save_options = (
    # Run lengths suit noisy pictures: faster and smaller than the default.
    {'compress_level': _PNG_LEVEL, 'compress_type': zlib.Z_RLE}
    if rgb_path.endswith('.png')
    else {'quality': _JPEG_QUALITY, 'subsampling': 0}
  )
  with atomic.atomic_path(rgb_path) as path:
    Image.fromarray(rgb_uint8).save(path, **save_options)
  with atomic.atomic_path(depth_path) as path:
    Image.fromarray(depth_mm).save(path, compress_level=_PNG_LEVEL)
