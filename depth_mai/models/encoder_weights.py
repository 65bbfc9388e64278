# SPDX-License-Identifier: Apache-2.0
"""Loads published weights into the encoder of a network.

Files of DPT, whose names cover the decoder, fill it as well but for the head.

Sources

  keras:NAME, keras:NAME:FILE.h5  a network of keras.applications, such as
                                  keras:mobilenet_v3_small_minimalistic_imagenet
  keras_cv:PRESET                 a backbone of keras-cv, or a preset's folder
  FILE.keras                      another network of Keras
  FILE                            tensors by name, see models/tensor_files.py

Each tensor of the encoder is found by its name (models/encoder_namings.py) or,
in a network of Keras, by its place; its role and its shape must agree. A tensor
that is missing is an error. What the encoder does not have, such as a
classifier, is left over and listed. The normalisation that the weights were
trained with replaces the network's own.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import math
import re

import keras
import numpy as np

from depth_mai.files import failures
from depth_mai.files import problems as problems_lib
from depth_mai.layers import position_embedding
from depth_mai.models import encoder_namings
from depth_mai.models import finite_check
from depth_mai.models import normalisation as normalisation_lib
from depth_mai.models import tensor_files
from depth_mai.models.encoders import efficientnet

# The layers of an encoder in our networks, see models/encoders; those of
# EfficientNet are in a model inside the network.
_ENCODER = re.compile(r'(stem|block_\d+)(_|$)')
_TRUNKS = tuple(map(efficientnet.trunk_name, efficientnet.VARIANTS))

KERAS = {
  'mobilenet_v3_small_imagenet': ('MobileNetV3Small', {}),
  'mobilenet_v3_large_imagenet': ('MobileNetV3Large', {}),
  'mobilenet_v3_small_minimalistic_imagenet': (
    'MobileNetV3Small',
    {'minimalistic': True},
  ),
  'mobilenet_v3_large_minimalistic_imagenet': (
    'MobileNetV3Large',
    {'minimalistic': True},
  ),
  **{
    f'efficientnet_{variant}_imagenet': (f'EfficientNet{variant.upper()}', {})
    for variant in efficientnet.VARIANTS
  },
}

# EfficientNet's files have ImageNet's standard deviation as a variance. Keras
# divides by its root once more, but only if it fetches the file itself.
_EFFICIENTNET_FILE = re.compile(r'keras:efficientnet_b\d_imagenet:')


@dataclasses.dataclass(frozen=True)
class Loaded:
  """What was loaded.

  Attributes:
    assigned: our variable -> their tensor, for each variable of the encoder,
      and of the decoder if the file has it.
    left_over: their tensors that our network does not have.
    part: 'encoder', or 'encoder and decoder'.
  """

  assigned: dict[str, str]
  left_over: tuple[str, ...]
  part: str

  def __str__(self) -> str:
    """Returns a line for the user."""
    return (
      f'{problems_lib.count(len(self.assigned), "tensor")} loaded into the '
      f'{self.part}; not used: {problems_lib.listing(self.left_over, 6)}'
    )


def load(network: keras.Model, source: str, names: str | None = None) -> Loaded:
  """Loads published weights into the encoder of a network.

  Args:
    network: a network of this project; its encoder's weights and the scaling of
      its input change.
    source: where the weights are, see above.
    names: JSON file with the names in `source`, see models/encoder_namings.py;
      None if it is a Keras network or of a known project.

  Returns:
    What was loaded.

  Raises:
    ValueError: the source cannot be read, lacks a tensor, has one that is not
      finite, or is of another network; names the tensors that differ.
  """
  encoder = dict(
    _variables(x for x, is_encoder in _layers(network) if is_encoder)
  )
  if not encoder:
    raise ValueError(
      f'train.initial_encoder: no layer of {network.name} belongs to an '
      'encoder that has published weights; their names begin with stem or '
      'block_.'
    )
  ours = dict(encoder)
  if _is_keras(source):
    library = _library_network(source, network.input_shape[1:3])
    theirs, normalisation = _library_tensors(library)
    if _EFFICIENTNET_FILE.match(source):
      normalisation = normalisation.divided_by(
        [math.sqrt(std) for std in normalisation_lib.IMAGENET.std]
      )
    named = dict(zip(ours, theirs, strict=False))
  else:
    try:
      theirs = tensor_files.read_tensors(source)
    except ValueError as error:
      raise ValueError(f'train.initial_encoder: {error}') from error
    naming = (
      encoder_namings.read_naming(names)
      if names
      else encoder_namings.find_naming(theirs, source)
    )
    named, normalisation = naming.theirs, naming.normalisation
    ours |= {
      name: variable
      for name, variable in _variables(network.layers)
      if name in named
    }
    theirs = _with_our_positions(network, named, theirs)
  values = _fitting(ours, named, theirs, source)
  for name, variable in ours.items():
    variable.assign(values[name])
  finite_check.check(network, source)
  normalisation_lib.write(
    network, np.array([normalisation.scale, normalisation.offset])
  )
  used = {named[name] for name in ours}
  return Loaded(
    {name: named[name] for name in ours},
    tuple(name for name in theirs if name not in used),
    'encoder and decoder' if len(ours) > len(encoder) else 'encoder',
  )


def _is_keras(source: str) -> bool:
  return source.startswith(('keras:', 'keras_cv:')) or source.endswith('.keras')


def _layers(network: keras.Model) -> Iterator[tuple[keras.Layer, bool]]:
  """Yields the layers of a network, and whether its encoder has them."""
  for layer in network.layers:
    if layer.name in _TRUNKS:
      yield from ((inner, True) for inner in layer.layers)
    else:
      yield layer, _ENCODER.match(layer.name) is not None


def _variables(
  layers: Iterable[keras.Layer],
) -> Iterator[tuple[str, keras.Variable]]:
  """Yields the variables of layers, and their names."""
  for layer in layers:
    for variable in layer.weights:
      # The path of a layer in a layer, such as a gate's convolution, counts.
      inner = variable.path.rsplit('/', 2)[-2:]
      yield '/'.join([layer.name, *inner[inner[0] == layer.name :]]), variable


def _library_network(source: str, size: tuple[int, int]) -> keras.Model:
  """Builds the network of a source and loads its weights.

  Args:
    source: keras:..., keras_cv:... or a .keras file.
    size: (height, width) of the pictures, pixels.

  Raises:
    ValueError: the library has no such network, or cannot load it.
  """
  try:
    if source.endswith('.keras'):
      return keras.models.load_model(source, compile=False)
    library, _, name = source.partition(':')
    if library == 'keras_cv':
      # Imported here: it is slow, and most trainings do without.
      import keras_cv

      return keras_cv.models.Backbone.from_preset(name, load_weights=True)
    name, _, weights = name.partition(':')
    builder, options = KERAS[name]
    return getattr(keras.applications, builder)(
      input_shape=(*size, 3),
      include_top=False,
      weights=weights or 'imagenet',
      **options,
    )
  except KeyError as error:
    raise ValueError(
      f'train.initial_encoder={source!r}: keras.applications has no {error}; '
      f'choose one of {", ".join(KERAS)}.'
    ) from error
  except Exception as error:  # The libraries raise errors of many types.
    raise ValueError(
      f'train.initial_encoder={source!r} cannot be loaded '
      f'({type(error).__name__}: {failures.reason(error)}). Weights that are '
      'given by their name are downloaded once; without a network, give a file '
      'or a folder.'
    ) from error


def _library_tensors(
  library: keras.Model,
) -> tuple[dict[str, np.ndarray], normalisation_lib.Normalisation]:
  """Returns a Keras network's tensors in their order, and its normalisation."""
  layers = [layer for layer, _ in _layers(library)]
  first = next(
    number
    for number, layer in enumerate(layers)
    if isinstance(layer, keras.layers.Conv2D)
  )
  tensors = {
    name: keras.ops.convert_to_numpy(variable.value)
    for name, variable in _variables(layers[first:])
  }
  own = normalisation_lib.of(library)
  if own is not None:
    return tensors, own
  # What lies before the first convolution is linear, and padding at the border.
  scaling = keras.Model(library.input, layers[first].input)
  height, width = (side or 32 for side in library.input_shape[1:3])
  black, white = (
    keras.ops.convert_to_numpy(
      scaling(np.full((1, height, width, 3), level, np.float32))
    )[0, height // 2, width // 2].astype(np.float64)
    for level in (0, 255)
  )
  std = 1 / (white - black)
  normalisation = normalisation_lib.Normalisation(
    tuple((-black * std).tolist()), tuple(std.tolist())
  )
  return tensors, normalisation


def _fitting(
  ours: Mapping[str, keras.Variable],
  named: Mapping[str, str],
  theirs: Mapping[str, np.ndarray],
  source: str,
) -> dict[str, np.ndarray]:
  """Returns the values of our variables in Keras' layout.

  Raises:
    ValueError: tensors are missing, or differ in role or shape.
  """
  missing = [name for name in ours if named.get(name) not in theirs]
  if missing:
    raise ValueError(
      f'train.initial_encoder: {source} lacks '
      f'{problems_lib.count(len(missing), "tensor")} of the encoder: '
      f'{problems_lib.listing(missing, 6)}. It belongs to a smaller or another '
      'network, or needs a map of names (train.encoder_names).'
    )
  attempts = []
  for convert in (lambda name, value, shape: value, _from_torch):
    values = {
      name: convert(name, theirs[named[name]], tuple(variable.shape))
      for name, variable in ours.items()
    }
    differing = [
      f'{name} {list(variable.shape)}, {named[name]} '
      f'{list(theirs[named[name]].shape)}'
      for name, variable in ours.items()
      if tuple(variable.shape) != values[name].shape
      or not _same_role(name, named[name])
    ]
    if not differing:
      return values
    attempts.append(differing)
  differing = min(attempts, key=len)
  raise ValueError(
    f'train.initial_encoder: {source} is of another network than the encoder; '
    f'{problems_lib.count(len(differing), "tensor")} of {len(ours)} differ: '
    f'{problems_lib.listing(differing, 4)}.'
  )


def _from_torch(
  name: str, value: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
  """Returns a kernel of PyTorch in the layout of Keras, of `shape`.

  [out, in] becomes [in, out], [out, in, h, w] becomes [h, w, in, out]; the
  kernel of a transposed convolution is [in, out, h, w] and [h, w, out, in].
  """
  if not name.endswith('/kernel'):
    return value
  if value.ndim == 2:
    return value.T
  is_depthwise = shape[-1] == 1 and value.shape[1] == 1
  return value.transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0))


def _with_our_positions(
  network: keras.Model,
  named: Mapping[str, str],
  theirs: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
  """Returns tensors with an embedding of positions for our size of input."""
  resized = {}
  for layer in network.layers:
    if isinstance(layer, position_embedding.PositionEmbedding):
      name = named.get(f'{layer.name}/positions')
      if name in theirs:
        resized[name] = layer.resized(theirs[name])
  return theirs | resized


def _same_role(ours: str, theirs: str) -> bool:
  """Whether names of Keras end alike; other projects' names say no role."""
  roles = ('kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance')
  role = theirs.rpartition('/')[2]
  return role not in roles or role == ours.rpartition('/')[2]
