# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.data.records."""

from concurrent import futures
import contextlib
import io
import json
import os
import pathlib
import shutil
from unittest import mock

from absl.testing import parameterized
import gin
import h5py
import keras
import numpy as np
from PIL import Image
import tensorflow as tf
import tensorflow_datasets as tfds

from depth_mai import gin_registry
from depth_mai.data import records
from depth_mai.data import source
from depth_mai.files import problems
from depth_mai.models import network_file
from tests.data import dummy_data

_CONFIGS = pathlib.Path(__file__).parents[2] / 'gin_configs'


class RecordsTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    self.records_dir = self.tmp / 'records'
    self.root = dummy_data.write_folder(
      self.tmp / 'data', {'train': 2, 'validation': 1}, size=(6, 8)
    )

  def test_files_are_kept_byte_for_byte(self):
    directory = records.prepare(self.root, self.records_dir)
    dataset = records.open_records(directory, 'train')
    self.assertEqual(dataset.cardinality(), 2)
    found = {
      example['id'].decode(): example for example in dataset.as_numpy_iterator()
    }
    self.assertCountEqual(found, ['00000', '00001'])
    for name, example in found.items():
      for key, kind in (('rgb', 'rgb'), ('depth_mm', 'depth')):
        content = (self.root / 'train' / kind / f'{name}.png').read_bytes()
        self.assertEqual(example[key], content)

  def test_counts(self):
    directory = records.prepare(self.root, self.records_dir)
    self.assertCountEqual(
      records.counts_in(directory), [('train', 2), ('validation', 1)]
    )

  def test_records_are_prepared_once(self):
    first = records.prepare(self.root, self.records_dir)
    made_ns = (first / 'dataset_info.json').stat().st_mtime_ns
    self.assertEqual(records.prepare(self.root, self.records_dir), first)
    self.assertEqual((first / 'dataset_info.json').stat().st_mtime_ns, made_ns)

  def test_default_place_is_the_environment_variable(self):
    os.environ[records.RECORDS_DIR_VARIABLE] = str(self.tmp / 'elsewhere')
    self.addCleanup(os.environ.pop, records.RECORDS_DIR_VARIABLE)
    directory = records.prepare(self.root)
    self.assertIn(self.tmp / 'elsewhere', directory.parents)

  def test_fingerprint_follows_every_change(self):
    path = self.root / 'train' / 'depth' / '00000.png'
    seen = {records.fingerprint(self.root)}
    self.assertEqual(records.fingerprint(str(self.root)), *seen)
    os.utime(path, ns=(0, 123456789))
    seen.add(records.fingerprint(self.root))
    path.write_bytes(path.read_bytes() + b' ')
    os.utime(path, ns=(0, 123456789))
    seen.add(records.fingerprint(self.root))
    # The same size and the same time of the content.
    path.write_bytes(path.read_bytes()[:-1] + b'!')
    os.utime(path, ns=(0, 123456789))
    seen.add(records.fingerprint(self.root))
    path.rename(path.with_name('b.png'))
    seen.add(records.fingerprint(self.root))
    shutil.rmtree(self.root / 'validation')
    seen.add(records.fingerprint(self.root))
    self.assertLen(seen, 6)

  def test_equal_folders_do_not_share_records(self):
    other = self.tmp / 'other'
    shutil.copytree(self.root, other)  # Sizes and times are kept.
    self.assertNotEqual(
      records.fingerprint(self.root), records.fingerprint(other)
    )

  def test_bad_folder_is_refused_as_a_whole(self):
    picture = Image.fromarray(np.zeros((6, 8), np.uint16))
    picture.save(self.root / 'train' / 'depth' / '00001.png')
    (self.root / 'validation' / 'rgb' / '00000.png').write_bytes(b'')
    with self.assertRaises(problems.BadInputError) as caught:
      records.prepare(self.root, self.records_dir)
    self.assertLen(caught.exception.problems, 2)
    self.assertRegex(str(caught.exception), '00001.png.*everywhere')
    self.assertEmpty(list(self.records_dir.iterdir()))

  def test_half_prepared_records_are_not_used(self):
    complete = records.prepare(self.root, self.records_dir)
    name = records.fingerprint(self.root)
    place = complete.relative_to(self.records_dir / name)
    stopped = self.records_dir / f'.tmp-0123abcd-{name}'
    (self.records_dir / name).rename(stopped)
    for path in (stopped / place).glob('*.tfrecord-*'):
      path.unlink()
    self.assertEqual(records.prepare(self.root, self.records_dir), complete)
    self.assertLen(list(records.open_records(complete, 'train')), 2)

  def test_two_threads_prepare_at_once(self):
    with futures.ThreadPoolExecutor(2) as pool:
      first, second = pool.map(
        lambda _: records.prepare(self.root, self.records_dir), range(2)
      )
    self.assertEqual(first, second)
    self.assertEqual(
      [path.name for path in self.records_dir.iterdir()],
      [records.fingerprint(self.root)],
    )
    self.assertLen(list(records.open_records(first, 'train')), 2)

  def test_records_dir_cannot_be_written(self):
    (self.tmp / 'file').write_text('no folder')
    with self.assertRaisesRegex(ValueError, 'file/records.*--records_dir'):
      records.prepare(self.root, self.tmp / 'file' / 'records')

  def test_missing_split(self):
    directory = records.prepare(self.root, self.records_dir)
    with self.assertRaisesRegex(ValueError, "'test'; .*train, validation"):
      records.open_records(directory, 'test')

  def test_lost_file(self):
    directory = records.prepare(self.root, self.records_dir)
    (path,) = directory.glob('*-train.*')
    path.unlink()
    with self.assertRaisesRegex(ValueError, f'{path.name} is missing'):
      records.open_records(directory, 'train')

  def _damage(self, directory, pattern, change):
    """Changes the bytes of a file in a folder of records."""
    (path,) = directory.glob(pattern)
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)

  @parameterized.parameters(
    ('*-train.*', 200), ('dataset_info.json', 3), ('features.json', 0)
  )
  def test_a_changed_bit_is_found_and_the_records_are_made_again(
    self, pattern, place
  ):
    directory = records.prepare(self.root, self.records_dir)
    before = list(records.open_records(directory, 'train').as_numpy_iterator())

    def change(content):
      content[place] ^= 0x10

    self._damage(directory, pattern, change)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
      self.assertEqual(records.prepare(self.root, self.records_dir), directory)
    self.assertRegex(said.getvalue(), f'{directory}.* damaged(.|\n)*again now')
    after = list(records.open_records(directory, 'train').as_numpy_iterator())
    self.assertEqual(after, before)
    self.assertLen(list(self.records_dir.iterdir()), 1)

  def test_no_home_folder(self):
    with mock.patch.dict(os.environ), mock.patch.object(os, 'getuid') as uid:
      os.environ.pop('HOME', None)
      os.environ.pop(records.RECORDS_DIR_VARIABLE, None)
      uid.return_value = 54321
      with self.assertRaisesRegex(ValueError, 'HOME .*DEPTH_MAI_RECORDS'):
        records.prepare(self.root)

  def test_records_of_another_kind(self):
    directory = records.prepare(self.root, self.records_dir)
    path = directory / 'features.json'
    for name in ('image', 'colour'):
      path.write_text(path.read_text().replace('"rgb"', f'"{name}"'))
      with self.assertRaisesRegex(
        ValueError, 'features (depth, id, image|colour, depth, id), .*Known are'
      ):
        records.open_records(directory, 'train')

  @parameterized.parameters('.png', '.jpg')
  def test_decoded_values_are_those_of_pillow(self, suffix):
    root = dummy_data.write_folder(
      self.tmp / 'other', {'train': 1}, size=(50, 70), rgb_suffix=suffix
    )
    directory = records.prepare(root, self.records_dir)
    dataset = records.open_records(directory, 'train').map(
      source.decode_example
    )
    self.assertEqual(
      dataset.element_spec['rgb'], tf.TensorSpec((None, None, 3), tf.uint8)
    )
    self.assertEqual(
      dataset.element_spec['depth_mm'],
      tf.TensorSpec((None, None, 1), tf.uint16),
    )
    (example,) = dataset.as_numpy_iterator()
    with Image.open(root / 'train' / 'rgb' / f'00000{suffix}') as picture:
      self.assertAllEqual(example['rgb'], np.asarray(picture))
    with Image.open(root / 'train' / 'depth' / '00000.png') as picture:
      self.assertAllEqual(example['depth_mm'][..., 0], np.asarray(picture))
    self.assertGreater(example['depth_mm'].max(), 32767)


class _Foreign(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """A builder of another project; a test sets its features and examples."""

  name = 'foreign'
  code_path = tfds.core.Path(__file__)
  pkg_dir_path = code_path.parent
  VERSION = tfds.core.Version('1.0.0')
  depth_feature = None
  examples = ()

  def _info(self):
    features = {'image': tfds.features.Image(), 'depth': self.depth_feature}
    return tfds.core.DatasetInfo(
      builder=self, features=tfds.features.FeaturesDict(features)
    )

  def _split_generators(self, dl_manager):
    return {'train': enumerate(self.examples)}

  def _generate_examples(self):
    raise NotImplementedError


class MetresTest(tf.test.TestCase, parameterized.TestCase):
  """Tests records with depth in metres, as in nyu_depth_v2 of tfds."""

  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    rng = np.random.default_rng(0)
    self.rgb_uint8 = rng.integers(0, 256, (3, 480, 640, 3), dtype=np.uint8)
    self.depth_m = rng.uniform(0.5, 10, (3, 480, 640)).astype(np.float16)
    self.depth_m[0, 0, :6] = [0, -1, np.nan, np.inf, 65.6, 0.0004]

  def _prepare(self, builder):
    builder.download_and_prepare(
      download_dir=self.tmp / 'downloads',
      download_config=tfds.download.DownloadConfig(try_download_gcs=False),
    )
    return builder.data_dir

  def _write(self, depth_feature, depths):
    class Filled(_Foreign, skip_registration=True):
      pass

    Filled.depth_feature = depth_feature
    Filled.examples = [
      {'image': image, 'depth': depth}
      for image, depth in zip(self.rgb_uint8, depths, strict=True)
    ]
    return self._prepare(Filled(data_dir=self.tmp / 'records'))

  def _check(self, directory):
    dataset = records.open_records(directory, 'train')
    self.assertEqual(dataset.cardinality(), 3)
    found = list(dataset.map(source.decode_example).as_numpy_iterator())
    self.assertLen({example['id'] for example in found}, 3)
    for example in found:
      (index,) = [
        i
        for i, rgb_uint8 in enumerate(self.rgb_uint8)
        if np.array_equal(rgb_uint8, example['rgb'])
      ]
      metres = self.depth_m[index].astype(np.float64)
      known = np.isfinite(metres) & (metres > 0.0005) & (metres < 65.5355)
      expected = np.rint(np.where(known, metres, 0) * 1000)
      self.assertEqual(example['depth_mm'].dtype, np.uint16)
      self.assertAllEqual(example['depth_mm'][..., 0], expected)

  def _nyu(self):
    """Prepares tfds' own data set from files like those that it downloads."""
    for split in ('train', 'val'):
      folder = self.tmp / 'nyudepthv2' / split / 'kitchen_0001'
      folder.mkdir(parents=True)
      for i in range(3):
        with h5py.File(folder / f'{i:05d}.h5', 'w') as file:
          file['rgb'] = self.rgb_uint8[i].transpose(2, 0, 1)
          file['depth'] = self.depth_m[i].astype(np.float32)
    original = type(tfds.builder('nyu_depth_v2', data_dir=self.tmp))

    class Nyu(original, skip_registration=True):
      name = 'nyu_depth_v2'
      code_path = _Foreign.code_path
      pkg_dir_path = _Foreign.pkg_dir_path

    with mock.patch.object(
      tfds.download.DownloadManager,
      'download_and_extract',
      return_value=str(self.tmp),
    ):
      return self._prepare(Nyu(data_dir=self.tmp / 'records'))

  def test_nyu_depth_v2(self):
    directory = self._nyu()
    self._check(directory)
    self.assertCountEqual(
      records.counts_in(directory), [('train', 3), ('validation', 3)]
    )

  def test_a_network_of_our_own_trains_on_nyu_depth_v2(self):
    directory = self._nyu()
    gin_registry.parse(
      [str(_CONFIGS / 'ours_nyu.gin')],
      [
        'train.network = @ours_s',
        'train.batch_size = 2',
        'train.epochs = 2',
        'train.evaluations = 1',
        'train.log_every_steps = 1',
        'train.train_eval_images = 2',
      ],
    )
    workdir = self.tmp / 'run'
    self.addCleanup(gin.clear_config)
    self.addCleanup(keras.mixed_precision.set_global_policy, 'float32')
    gin_registry.train(workdir=str(workdir), data_dir=str(directory))
    self.assertEqual(keras.mixed_precision.dtype_policy().name, 'mixed_float16')
    lines = (workdir / 'metrics.jsonl').read_text().splitlines()
    *_, last = map(json.loads, lines)
    self.assertEqual(last['step'], 3)  # 2 passes over 3 pairs, 2 a step.
    self.assertTrue((workdir / 'best.keras').exists())
    network = network_file.load_network(workdir / 'best.keras')
    for weight in network.weights:
      self.assertTrue(np.isfinite(weight.numpy()).all(), weight.path)

  def test_depth_with_a_channel(self):
    feature = tfds.features.Tensor(shape=(480, 640, 1), dtype=np.float32)
    depths = self.depth_m[..., None].astype(np.float32)
    self._check(self._write(feature, depths))

  def test_depth_as_a_colour_image_is_refused(self):
    directory = self._write(tfds.features.Image(), self.rgb_uint8)
    with self.assertRaisesRegex(ValueError, 'not a known combination'):
      records.open_records(directory, 'train')


if __name__ == '__main__':
  tf.test.main()
