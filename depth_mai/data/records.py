# SPDX-License-Identifier: Apache-2.0
"""Records: those of a challenge folder prepared, those of others opened.

Those of a challenge folder are prepared once, complete or not there:

    <records_dir>/<fingerprint of the folder>/mai_depth/<version>/

The fingerprint covers the folder's place and the name, size and time of each of
its files. So two folders never share records, and a folder that has changed
gets new ones. Records are written under another name in `records_dir`, one that
ends in `.partial`, and renamed when they are complete: a run that was stopped
leaves nothing that a later one would take for records, and of two processes
that prepare the same folder at once, the second to finish takes the first's.

`LAYOUTS` lists the features that records of other builders may have.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import hashlib
import io
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import uuid

from absl import logging
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai.datasets.mai_depth import mai_depth_dataset_builder
from depth_mai.files import folder

RECORDS_DIR_VARIABLE = 'DEPTH_MAI_RECORDS'
DEFAULT_RECORDS_DIR = '~/.cache/depth_mai/records'

_MAX_SHARD_BYTES = 256 * 2**20
_WRITING = threading.Lock()
_LARGEST_MM = 65535


@dataclasses.dataclass(frozen=True)
class Layout:
  """Names of the features of records that can be used.

  Attributes:
    rgb: the picture, an image feature of 8 bits.
    depth: its depth.
    id: the name, or None: then tfds numbers the examples.
    in_metres: whether the depth is a tensor of floats, [H, W] or [H, W, 1],
      metres, and not an image of uint16 millimetres.
    sets: where it is found.
  """

  rgb: str
  depth: str
  id: str | None
  in_metres: bool
  sets: str


LAYOUTS = (
  Layout('rgb', 'depth', 'id', False, 'mai_depth and its siblings here'),
  Layout('image', 'depth', None, True, 'nyu_depth_v2 of tfds'),
)


def fingerprint(root: str | os.PathLike[str]) -> str:
  """Returns 16 hexadecimal digits that stand for a folder as it is now.

  Args:
    root: folder in the challenge's layout.

  Raises:
    ValueError: if `root` is no folder or holds no split.
  """
  root = pathlib.Path(root).expanduser().resolve()
  digest = hashlib.sha256()
  digest.update(f'{mai_depth_dataset_builder.Builder.VERSION}\0'.encode())
  digest.update(os.fsencode(root) + b'\0')
  for split in folder.split_names(root):
    for path in sorted((root / split).glob('*/*')):
      stat = path.stat()
      digest.update(os.fsencode(path.relative_to(root)))
      digest.update(f'\0{stat.st_size}\0{stat.st_mtime_ns}\0'.encode())
  return digest.hexdigest()[:16]


def prepare(
  root: str | os.PathLike[str],
  records_dir: str | os.PathLike[str] | None = None,
) -> pathlib.Path:
  """Makes the records of a folder, unless they are there, and says so.

  Args:
    root: folder in the challenge's layout.
    records_dir: where records are kept, for all folders. If None, that is
      `$DEPTH_MAI_RECORDS`, and without it `DEFAULT_RECORDS_DIR`.

  Returns:
    The prepared tfds directory (it holds dataset_info.json).

  Raises:
    ValueError: if anything in the folder is bad (`BadInputError`, with every
      problem), `records_dir` cannot be written, or the folder changes while
      it is read.
  """
  if records_dir is None:
    records_dir = os.environ.get(RECORDS_DIR_VARIABLE) or DEFAULT_RECORDS_DIR
  root = pathlib.Path(root).expanduser().resolve()
  records_dir = pathlib.Path(records_dir).expanduser().resolve()
  name = fingerprint(root)
  builder_cls = mai_depth_dataset_builder.Builder
  place = pathlib.Path(builder_cls.name) / str(builder_cls.VERSION)
  final = records_dir / name
  if is_prepared(final / place):
    return final / place

  started_s = time.monotonic()
  _say(f'Preparing records of {root} (once for this folder as it is) ...')
  partial = records_dir / f'{name}.{uuid.uuid4().hex[:8]}.partial'
  try:
    partial.mkdir(parents=True)
  except OSError as error:
    raise ValueError(
      f'Records cannot be written to {records_dir} ({error.strerror}). Choose '
      f'another folder with --records_dir or ${RECORDS_DIR_VARIABLE}.'
    ) from error
  try:
    write(builder_cls(data_dir=partial), root)
    if fingerprint(root) != name:
      raise ValueError(
        f'{root} has changed while its records were prepared, which were '
        'thrown away. Run again when no other program writes there.'
      )
    try:
      partial.rename(final)
    except OSError:
      if not is_prepared(final / place):  # Else another process was faster.
        raise
  finally:
    shutil.rmtree(partial, ignore_errors=True)
  counts = ', '.join(f'{n} {split}' for split, n in counts_in(final / place))
  elapsed_s = time.monotonic() - started_s
  _say(f'Prepared {counts} pairs in {elapsed_s:.1f} s: {final / place}')
  return final / place


def is_prepared(directory: str | os.PathLike[str]) -> bool:
  """Whether a directory is one that tfds has prepared."""
  return pathlib.Path(directory, 'dataset_info.json').is_file()


def counts_in(directory: str | os.PathLike[str]) -> list[tuple[str, int]]:
  """Returns (split, number of pairs) of a prepared directory."""
  splits = tfds.builder_from_directory(directory).info.splits
  return [(name, info.num_examples) for name, info in splits.items()]


def write(
  builder: tfds.core.DatasetBuilder, manual_dir: str | os.PathLike[str]
) -> None:
  """Writes the records of a builder, one builder at a time, in silence.

  Args:
    builder: with its own `data_dir`, where nothing is prepared yet.
    manual_dir: the files that it reads.

  Raises:
    ValueError: if the builder refuses these files.
  """
  # tfds makes the folder of the downloads; it stays empty.
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
    known cardinality. Depth in metres is rounded to millimetres; what is not
    finite, not above 0 or beyond 65.535 m is unknown.

  Raises:
    ValueError: if the split, a feature or a file is not there.
  """
  with _quiet():
    builder = tfds.builder_from_directory(directory)
  splits = builder.info.splits
  if split not in splits:
    raise ValueError(
      f"The records {directory} have no split '{split}'; they have "
      f'{", ".join(splits)}. Choose one of these.'
    )
  layout = layout_of(builder.info.features, directory)
  lost = [p for p in splits[split].filepaths if not pathlib.Path(p).is_file()]
  if lost:
    raise ValueError(
      f'The records {directory} are not complete: {lost[0]} is missing. '
      'Remove that folder and prepare or copy it again.'
    )
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


def layout_of(
  features: tfds.features.FeaturesDict, directory: str | os.PathLike[str]
) -> Layout:
  """Finds out what can be made of records.

  Args:
    features: what they hold.
    directory: where they are, for the message.

  Returns:
    One of `LAYOUTS`.

  Raises:
    ValueError: if none of them fits.
  """
  for layout in LAYOUTS:
    names = [layout.rgb, layout.depth, *([layout.id] if layout.id else [])]
    if all(name in features for name in names) and (
      isinstance(features[layout.rgb], tfds.features.Image)
      and _is_depth(features[layout.depth], layout.in_metres)
    ):
      return layout
  known = '; '.join(
    f'{layout.rgb}, {layout.depth}{", id" * bool(layout.id)} with depth in '
    f'{"metres (floats)" if layout.in_metres else "millimetres (uint16 image)"}'
    f', as in {layout.sets}'
    for layout in LAYOUTS
  )
  raise ValueError(
    f'The records {directory} have the features {", ".join(sorted(features))}, '
    f'of which no picture and depth can be made. Known are: {known}. Point '
    '--data_dir at such records, or prepare the original files with '
    'depth_mai.datasets.rgbd_folder.prepare.'
  )


def _is_depth(feature: tfds.features.FeatureConnector, in_metres: bool) -> bool:
  """Whether a feature is one map of metres, or of uint16 millimetres."""
  if not in_metres:
    return (
      isinstance(feature, tfds.features.Image)
      and feature.tf_dtype == tf.uint16
      and feature.shape[-1] == 1
    )
  return (
    isinstance(feature, tfds.features.Tensor)
    and feature.tf_dtype.is_floating
    and (len(feature.shape) == 2 or feature.shape[2:] == (1,))
  )


def _encoded_mm(depth_m: tf.Tensor) -> tf.Tensor:
  """Encodes metres, [H, W] or [H, W, 1], as a PNG of uint16 millimetres."""
  shape = tf.concat([tf.shape(depth_m)[:2], [1]], axis=0)
  depth_mm = tf.round(tf.reshape(tf.cast(depth_m, tf.float32), shape) * 1000.0)
  known = (depth_mm > 0.0) & (depth_mm <= _LARGEST_MM)  # False for NaN.
  depth_mm = tf.where(known, depth_mm, 0.0)
  return tf.io.encode_png(tf.cast(depth_mm, tf.uint16), compression=1)


def decode(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Decodes the pictures of an example, to the very values that Pillow reads.

  `tf.io.decode_image`, and the default of `tf.io.decode_jpeg`, use a faster
  inverse transform, which is off by 1 grey level in the mean, by 7 in places.

  Args:
    example: 'id', 'rgb' and 'depth_mm' as strings; 'rgb' holds a JPEG or PNG
      file (the op reads both), 'depth_mm' a PNG file.

  Returns:
    'id' as it was, 'rgb' [H, W, 3] uint8, 'depth_mm' [H, W, 1] uint16.
  """
  return {
    'id': example['id'],
    'rgb': tf.io.decode_jpeg(
      example['rgb'], channels=3, dct_method='INTEGER_ACCURATE'
    ),
    'depth_mm': tf.io.decode_png(
      example['depth_mm'], channels=1, dtype=tf.uint16
    ),
  }


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
  """Silences tfds, which tells of each step and of folders yet unnamed."""
  tfds.disable_progress_bar()
  verbosity = logging.get_verbosity()
  logging.set_verbosity(logging.WARNING)
  try:
    with contextlib.redirect_stdout(io.StringIO()):
      yield
  finally:
    logging.set_verbosity(verbosity)


def _say(message: str) -> None:
  print(message, file=sys.stderr, flush=True)
