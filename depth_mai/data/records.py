# SPDX-License-Identifier: Apache-2.0
"""Prepares the records of challenge folders, and opens prepared records.

The records of a challenge folder are prepared once:

    <records_dir>/<fingerprint of the folder>/mai_depth/<version>/

The fingerprint covers the folder's path and the name, size and times of change
of each of its files. So two folders never share records, and a changed
folder gets new ones. Records are written under a temporary name in
`records_dir` and renamed when they are complete: a stopped run never leaves
records that look complete. If two processes prepare the same folder at once,
the second to finish uses the records of the first. Damaged records are prepared
again.

`LAYOUTS` lists the features that records of other builders may have.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import hashlib
import io
import os
import pathlib
import sys
import tempfile
import threading
import time

from absl import logging
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai import challenge
from depth_mai.challenge_folder import folder
from depth_mai.data import record_check
from depth_mai.datasets.mai_depth import mai_depth_dataset_builder
from depth_mai.files import atomic
from depth_mai.files import default_places

RECORDS_DIR_VARIABLE = 'DEPTH_MAI_RECORDS'
DEFAULT_RECORDS_DIR = '~/.cache/depth_mai/records'

_MAX_SHARD_BYTES = 256 * 2**20
_CURE = f'Choose another folder with --records_dir or ${RECORDS_DIR_VARIABLE}.'
_WRITING = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Layout:
  """The features of usable records.

  Attributes:
    rgb: name of the picture, an 8-bit image feature.
    depth: name of the depth map.
    id: name of the id; None lets tfds number the examples.
    in_metres: whether depth is a float tensor, [H, W] or [H, W, 1], in metres
      instead of a uint16 image in millimetres.
    sets: data sets with this layout, for messages.
  """

  rgb: str
  depth: str
  id: str | None
  in_metres: bool
  sets: str

  def __str__(self) -> str:
    """Describes the layout for messages."""
    unit = 'metres (floats)' if self.in_metres else 'millimetres (uint16 image)'
    names = ', '.join(filter(None, (self.rgb, self.depth, self.id)))
    return f'{names} with depth in {unit}, as in {self.sets}'

  def fits(self, features: tfds.features.FeaturesDict) -> bool:
    """Returns whether records with these features have this layout."""
    names = filter(None, (self.rgb, self.depth, self.id))
    if not all(name in features for name in names):
      return False
    rgb, depth = features[self.rgb], features[self.depth]
    if not isinstance(rgb, tfds.features.Image):
      return False
    if not self.in_metres:
      is_image = isinstance(depth, tfds.features.Image)
      return is_image and depth.tf_dtype == tf.uint16 and depth.shape[-1] == 1
    return (
      isinstance(depth, tfds.features.Tensor)
      and depth.tf_dtype.is_floating
      and (len(depth.shape) == 2 or depth.shape[2:] == (1,))
    )


LAYOUTS = (
  Layout('rgb', 'depth', 'id', False, 'mai_depth and the other sets here'),
  Layout('image', 'depth', None, True, 'nyu_depth_v2 of tfds'),
)


def fingerprint(root: str | os.PathLike[str]) -> str:
  """Returns 16 hexadecimal digits that identify the current state of a folder.

  Args:
    root: folder in the challenge's layout.

  Raises:
    ValueError: if `root` is not a folder or contains no split.
  """
  root = pathlib.Path(root).expanduser().resolve()
  digest = hashlib.sha256()
  digest.update(f'{mai_depth_dataset_builder.Builder.VERSION}\0'.encode())
  digest.update(os.fsencode(root) + b'\0')
  for split in folder.split_names(root):
    for path in sorted((root / split).glob('*/*')):
      stat = path.stat()
      digest.update(os.fsencode(path.relative_to(root)))
      # st_mtime can be set back, as archives do; st_ctime cannot.
      times = f'{stat.st_mtime_ns}\0{stat.st_ctime_ns}'
      digest.update(f'\0{stat.st_size}\0{times}\0'.encode())
  return digest.hexdigest()[:16]


def folder_of_all(
  records_dir: str | os.PathLike[str] | None = None,
) -> pathlib.Path:
  """Returns the folder for the records of all data folders.

  Args:
    records_dir: None stands for `$DEPTH_MAI_RECORDS` or, without it, for
      `DEFAULT_RECORDS_DIR`.
  """
  if records_dir is None:
    records_dir = os.environ.get(RECORDS_DIR_VARIABLE) or DEFAULT_RECORDS_DIR
  return default_places.expanded(records_dir, _CURE).resolve()


def prepare(
  root: str | os.PathLike[str],
  records_dir: str | os.PathLike[str] | None = None,
) -> pathlib.Path:
  """Prepares the records of a folder unless they exist; reports it on stderr.

  Args:
    root: folder in the challenge's layout.
    records_dir: folder for the records of all data folders. None stands for
      `$DEPTH_MAI_RECORDS` or, without it, for `DEFAULT_RECORDS_DIR`.

  Returns:
    The prepared tfds directory.

  Raises:
    ValueError: if anything in the folder is bad (`BadInputError`, with every
      problem), `records_dir` cannot be written, or the folder changes while
      it is read.
  """
  records_dir = folder_of_all(records_dir)
  root = pathlib.Path(root).expanduser().resolve()
  name = fingerprint(root)
  builder_cls = mai_depth_dataset_builder.Builder
  final = records_dir / name
  prepared = final / builder_cls.name / str(builder_cls.VERSION)
  if folder.is_prepared(prepared):
    try:
      for split, _ in counts_in(prepared):
        open_records(prepared, split)
      return prepared
    except ValueError as error:
      _report(f'{error}\nThey are prepared again now.')
      atomic.discard(final)

  started_s = time.monotonic()
  _report(f'Preparing the records of {root} (once per state of the folder) ...')
  try:
    records_dir.mkdir(parents=True, exist_ok=True)
    # Only writing a file shows whether files can be written.
    tempfile.TemporaryFile(dir=records_dir).close()
  except OSError as error:
    raise ValueError(
      f'Records cannot be written to {records_dir} ({error.strerror}). {_CURE}'
    ) from error
  try:
    with atomic.atomic_path(final) as temporary:
      write(builder_cls(data_dir=temporary), root)
      if fingerprint(root) != name:
        raise ValueError(
          f'{root} changed while its records were prepared, so they were '
          'removed. Run again when no other program writes to this folder.'
        )
  except OSError:
    if not folder.is_prepared(prepared):  # Another process may be faster.
      raise
  counts = ', '.join(f'{n} {split}' for split, n in counts_in(prepared))
  elapsed_s = time.monotonic() - started_s
  _report(f'Prepared {counts} pairs in {elapsed_s:.1f} s: {prepared}')
  return prepared


def counts_in(directory: str | os.PathLike[str]) -> list[tuple[str, int]]:
  """Returns (split, number of pairs) of a prepared directory."""
  splits = record_check.open_builder(directory).info.splits
  return [(name, info.num_examples) for name, info in splits.items()]


def files(directory: str | os.PathLike[str], split: str) -> list[pathlib.Path]:
  """Returns the record files of one split of a prepared directory."""
  splits = tfds.builder_from_directory(directory).info.splits
  return [pathlib.Path(path) for path in splits[split].filepaths]


def state(directory: str | os.PathLike[str], split: str) -> str:
  """Returns 16 hexadecimal digits that identify the files of a split."""
  digest = hashlib.sha256()
  for path in files(directory, split):
    stat = path.stat()
    times = f'{stat.st_mtime_ns}\0{stat.st_ctime_ns}'
    digest.update(os.fsencode(path.resolve()))
    digest.update(f'\0{stat.st_size}\0{times}\0'.encode())
  return digest.hexdigest()[:16]


def write(
  builder: tfds.core.DatasetBuilder, manual_dir: str | os.PathLike[str]
) -> None:
  """Writes the records of a builder without output, one builder at a time.

  Args:
    builder: its `data_dir` must contain no records of this builder yet.
    manual_dir: folder with the files that it reads.

  Raises:
    ValueError: if the builder refuses these files.
  """
  # tfds creates the folder for downloads; it stays empty.
  with _WRITING, _quiet(), tempfile.TemporaryDirectory() as downloads:
    builder.download_and_prepare(
      download_dir=downloads,
      download_config=tfds.download.DownloadConfig(
        manual_dir=manual_dir,
        try_download_gcs=False,
        max_shard_size=_MAX_SHARD_BYTES,
      ),
    )


def open_records(
  directory: str | os.PathLike[str], split: str
) -> tf.data.Dataset:
  """Opens a split of a prepared directory, in the order of its files.

  Args:
    directory: prepared tfds directory with the features of one of `LAYOUTS`.
    split: name of a split in it.

  Returns:
    {'id', 'rgb', 'depth_mm'}, all strings, the pictures still encoded; with a
    known cardinality. Depth in metres is rounded to millimetres; depth that is
    not finite, not above 0 or beyond 65.534 m is unknown.

  Raises:
    ValueError: if the split, a feature or a file is missing, or a file is
      damaged.
  """
  with _quiet():
    builder = record_check.open_builder(directory)
  splits, features = builder.info.splits, builder.info.features
  if split not in splits:
    raise ValueError(
      f"The records {directory} have no split '{split}'; they have "
      f'{", ".join(splits)}. Choose one of these.'
    )
  layout = next((known for known in LAYOUTS if known.fits(features)), None)
  if layout is None:
    raise ValueError(
      f'The records {directory} have the features '
      f'{", ".join(sorted(features))}, which are not a known combination of '
      f'picture and depth. Known are: {"; ".join(map(str, LAYOUTS))}. Point '
      '--data_dir at such records, or prepare the original files with '
      'depth_mai.datasets.rgbd_folder.prepare.'
    )
  record_check.check_split(directory, splits[split])
  images = [layout.rgb] if layout.in_metres else [layout.rgb, layout.depth]
  with _quiet():
    dataset = builder.as_dataset(
      split=split,
      decoders=dict.fromkeys(images, tfds.decode.SkipDecoding()),
      shuffle_files=False,
      read_config=tfds.ReadConfig(
        interleave_cycle_length=1,  # One file after the other.
        try_autocache=False,  # The pipeline decides what to keep in memory.
        add_tfds_id=layout.id is None,
      ),
    )

  @tf.autograph.experimental.do_not_convert
  def rename(example):
    depth = example[layout.depth]
    return {
      'id': example[layout.id or 'tfds_id'],
      'rgb': example[layout.rgb],
      'depth_mm': _encoded_mm(depth) if layout.in_metres else depth,
    }

  return dataset.map(rename, tf.data.AUTOTUNE, deterministic=True)


def _encoded_mm(depth_m: tf.Tensor) -> tf.Tensor:
  """Encodes metres, [H, W] or [H, W, 1], as a PNG in uint16 millimetres."""
  shape = tf.concat([tf.shape(depth_m)[:2], [1]], axis=0)
  depth_m = tf.reshape(tf.cast(depth_m, tf.float32), shape)
  depth_mm = tf.round(depth_m * challenge.MM_PER_M)
  # NaN compares false, so it becomes 0.
  known = (depth_mm > 0.0) & (depth_mm < challenge.MAX_DEPTH_MM)
  depth_mm = tf.where(known, depth_mm, 0.0)
  return tf.io.encode_png(tf.cast(depth_mm, tf.uint16), compression=1)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
  """Silences tfds, which prints each step and temporary folder names."""
  tfds.disable_progress_bar()
  verbosity = logging.get_verbosity()
  logging.set_verbosity(logging.WARNING)
  try:
    with contextlib.redirect_stdout(io.StringIO()):
      yield
  finally:
    logging.set_verbosity(verbosity)


def _report(message: str) -> None:
  print(message, file=sys.stderr, flush=True)
