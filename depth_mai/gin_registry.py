# SPDX-License-Identifier: Apache-2.0
"""Makes library code configurable with gin, and parses configurations.

Library modules take plain arguments and do not import gin. This module
registers their functions and classes with gin, and explains gin's errors by
naming the nearest known keys.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import dataclasses
import functools
import inspect
import io
import logging
import pathlib
import re
import tokenize

import gin
import keras

from depth_mai.data import augmentation
from depth_mai.distillation import distillation
from depth_mai.distillation import registry as terms_registry
from depth_mai.files import config_files
from depth_mai.files import config_types
from depth_mai.files import near_names
from depth_mai.files import printable
from depth_mai.files import ready_models
from depth_mai.lite import quantisation
from depth_mai.lite import quantisation_aware
from depth_mai.losses import learned_weights
from depth_mai.losses import registry
from depth_mai.losses import weighted
from depth_mai.models import compact_weights
from depth_mai.models import network_file
from depth_mai.segmentation import pretraining
from depth_mai.training import loop
from depth_mai.training import mixing
from depth_mai.training import optimizers

_SYSTEMS = network_file.systems().values()
_LOSSES = weighted.losses()
_TERMS = distillation.terms()

# Systems, their options, losses and the terms of distillations register
# themselves, see models/system_base.py and the registry.py of losses and of
# distillation. The rest is listed here.
_FUNCTIONS: tuple[Callable, ...] = (
  augmentation.Augmentation,
  distillation.Distillation,
  learned_weights.LearnedWeights,
  loop.train,
  mixing.Mixing,
  optimizers.adam,
  optimizers.adamw,
  optimizers.cosine,
  optimizers.polynomial,
  pretraining.pretrain_segmentation,
  quantisation.Quantisation,
  quantisation_aware.FakeQuantisation,
  weighted.WeightedLoss,
  *(system.build for system in _SYSTEMS),
  *(system.options for system in _SYSTEMS),
  *(loss.function for loss in _LOSSES.values()),
  *(term.function for term in _TERMS.values()),
)
_REGISTERED = {function.__name__: function for function in _FUNCTIONS}
# The network of every program is train.network.
_NOT_IN_GIN = {'pretrain_segmentation': ['network']}

CONFIGURABLES = {
  name: gin.external_configurable(
    function, name=name, module='depth_mai', denylist=_NOT_IN_GIN.get(name)
  )
  for name, function in _REGISTERED.items()
}


def _in_current_scope(function: Callable) -> Callable:
  """Returns a function that is always called in the scope of this call."""
  scope = '/'.join(gin.current_scope())
  if not scope:
    return function

  @functools.wraps(function)
  def scoped(*args, **kwargs):
    with gin.config_scope(scope):
      return function(*args, **kwargs)

  return scoped


# WeightedLoss calls the configurable losses, so that bindings such as
# `silog.scale = 10` also reach a loss that WeightedLoss finds by its name, and
# `photos/silog.scale = 10` those of `@photos/WeightedLoss()`.
for _name, _loss in _LOSSES.items():
  registry.LOSSES[_name] = dataclasses.replace(
    _loss, function=CONFIGURABLES[_name], bind=_in_current_scope
  )
for _name, _term in _TERMS.items():
  terms_registry.TERMS[_name] = dataclasses.replace(
    _term, function=CONFIGURABLES[_name]
  )

# TensorFlow asks users to report that it cannot compile how gin handles errors,
# and so hides the error itself.
logging.getLogger('tensorflow').addFilter(
  lambda record: 'AutoGraph could not transform' not in record.getMessage()
)


def _explain(error: Exception) -> str:
  """Adds the nearest configurables or parameters to gin's message."""
  message = _one_line(str(error))
  unknown = re.search(
    r"No configurable matching (?:reference )?'@?([\w./]+)", message
  )
  if unknown:
    name = unknown.group(1).rsplit('.', 1)[-1]
    hint = near_names.hint(name, list(_REGISTERED))
    return f'gin: {unknown.group(1)!r} is not configurable. {hint}'
  unknown = re.search(r"No bindings specified for '(.*)/gin.macro'", message)
  if unknown:
    return f'gin: %{unknown.group(1)} has no value in any of the files.'
  unknown = re.search(
    r"Configurable '([\w.]+)' doesn't have a parameter named '(\w+)'", message
  )
  if unknown:
    owner = unknown.group(1).rsplit('.', 1)[-1]
    if owner not in _REGISTERED:
      return f'gin: {message}.'
    parameters = list(inspect.signature(_REGISTERED[owner]).parameters)
    hint = near_names.hint(unknown.group(2), parameters)
    return (
      f'gin: {owner} has no parameter {unknown.group(2)!r}. {hint} '
      f'All: {", ".join(parameters)}.'
    )
  if isinstance(error, tokenize.TokenError):
    reason, (line, _) = error.args
    message = f'line {line}: {reason}'
  if isinstance(error, RecursionError):
    message = 'a value is nested too deeply'
  return f'gin: {message or type(error).__name__}.'


def _unwrapped(error: Exception) -> tuple[BaseException, list[str]]:
  """Returns an error without gin's notes, and the configurables they name."""
  names = []
  inner: BaseException = error
  while inner.__context__ is not None:
    note = str(inner).removeprefix(str(inner.__context__))
    named = re.search(r"\n  In call to configurable '(\w+)'", note)
    if named is None:
      break
    names.append(named.group(1))
    inner = inner.__context__
  return inner, names


@contextlib.contextmanager
def _settings_are_named(called: str = '') -> Iterator[None]:
  """Turns errors of wrong settings into a ValueError that names the function.

  Errors of other origin are raised as they were, without gin's notes.

  Args:
    called: the configurable that is called; errors in its code are bugs.
  """
  try:
    yield
  except RecursionError as error:
    raise ValueError(
      'gin: a setting refers to itself, directly or through others. Follow the '
      '@ and % in the gin files, and remove the circle.'
    ) from error
  except Exception as wrapped:
    cause, names = _unwrapped(wrapped)
    # TensorFlow names the line of a function that it compiles.
    compiled = 'in user code' in str(cause)
    # The messages of this package name the setting; those of Keras do not.
    expected = isinstance(cause, (FloatingPointError, OSError)) or (
      isinstance(cause, ValueError) and 'gin' in str(cause)
    )
    if expected or compiled or names in ([], [called]):
      raise cause from cause.__cause__
    raise ValueError(
      f'gin: {names[-1]} cannot be used with these settings: '
      f'{_one_line(str(cause))}. Correct the lines of the gin file that begin '
      f'with "{names[-1]}.", or that name it.'
    ) from cause


def _one_line(text: str) -> str:
  """Joins the lines of one of gin's messages."""
  return ' '.join(text.split()).rstrip('.')


def parse(gin_files: Sequence[str], gin_params: Sequence[str] = ()) -> None:
  """Parses configuration files and single bindings.

  Args:
    gin_files: paths, e.g. gin_configs/tcl.gin.
    gin_params: bindings, e.g. 'train.epochs = 2'; they override the files.

  Raises:
    ValueError: for a missing file, bad syntax, a value of the wrong type or an
      unknown key; names the nearest known keys.
  """
  gin.clear_config()
  for name in gin_files:
    for piece in config_files.pieces(config_files.find(name)):
      _parse_text(piece, piece.name)
  _parse_text('\n'.join(gin_params), '--gin_param')
  with _text_is_explained('gin'):
    gin.finalize()
  _check_types()


def _parse_text(text: io.StringIO | str, name: str) -> None:
  with _text_is_explained(name):
    gin.parse_config(text, skip_unknown=False)


@contextlib.contextmanager
def _text_is_explained(name: str) -> Iterator[None]:
  try:
    yield
  except Exception as error:  # Bad text raises errors of many types.
    explained = printable.printable(_explain(error))
    if name not in explained:
      explained = f'{name}: {explained}'
    raise ValueError(explained) from error


def _check_types() -> None:
  """Raises ValueError for a parsed value of the wrong type."""
  # gin has no other way to list the bindings with their values.
  for (_, selector), bindings in gin.config._CONFIG.items():
    owner = selector.rsplit('.', 1)[-1]
    for name, value in bindings.items():
      if owner not in _REGISTERED:
        continue  # A macro.
      wanted = config_types.problem(_REGISTERED[owner], name, value)
      if wanted is not None:
        hint = f' Did you mean @{value}?' if str(value) in _REGISTERED else ''
        raise ValueError(
          f'gin: {owner}.{name} is {value!r}; it takes {wanted}.{hint} Change '
          'it in the gin file or with --gin_param.'
        )


def train(**kwargs: object) -> pathlib.Path:
  """Runs training.loop.train with the parsed configuration."""
  with _settings_are_named('train'):
    return CONFIGURABLES['train'](**kwargs)


def pretrain_segmentation(**kwargs: object) -> pathlib.Path:
  """Pre-trains train.network of the parsed configuration.

  Args:
    **kwargs: arguments of segmentation.pretraining.pretrain_segmentation; the
      others are those of the configuration.
  """
  network = _network_builder()
  with _settings_are_named('pretrain_segmentation'):
    return CONFIGURABLES['pretrain_segmentation'](network=network, **kwargs)


def _network_builder() -> Callable[[], keras.Model]:
  """Returns train.network.

  Raises:
    ValueError: if the configuration contains none.
  """
  try:
    return gin.query_parameter('train.network').scoped_configurable_fn
  except ValueError as error:
    raise ValueError(
      'The configuration has no train.network. Give --gin_file=FILE, e.g. '
      'gin_configs/tcl.gin.'
    ) from error


def load_network(ready: str | None = None) -> tuple[keras.Model, str, dict]:
  """Builds the network that the parsed configuration trains.

  Args:
    ready: name of a system in pretrained/ whose weights to load; the parsed
      configuration must be that of ready_models.config_files. None leaves the
      weights random.

  Returns:
    (network, config, origin), as lite.provenance.load: the network, the
    configuration as text, and {'source': ready or 'untrained'}.

  Raises:
    ValueError: if the configuration contains no network, or the weights are
      missing or do not fit it.
  """
  network = _network_builder()
  with _settings_are_named():
    built = network()
  if ready:
    compact_weights.load(ready_models.weights_path(ready), built)
  return built, config_text(), {'source': ready or 'untrained'}


def parsed_quantisation(run_config: str = '') -> quantisation.Quantisation:
  """Builds the Quantisation of the parsed configuration.

  Args:
    run_config: the configuration of a training, as text. Its bindings of
      Quantisation apply where the parsed configuration has none. Its other
      bindings, which may come from an older version, are ignored.

  Raises:
    ValueError: for a value that Quantisation refuses.
  """
  own = gin.config_str()
  bindings = re.findall(
    r'^Quantisation\.\w+ = .*(?:\n[ \t]+.*)*', run_config, re.MULTILINE
  )
  gin.clear_config()
  _parse_text('\n'.join([*bindings, own]), "the training's configuration")
  _check_types()
  with _settings_are_named():
    return CONFIGURABLES['Quantisation']()


def config_text() -> str:
  """Returns the parsed configuration as text."""
  return gin.config_str()


def operative_config_text() -> str:
  """Returns all parameters that were used, including defaults, as text."""
  return gin.operative_config_str()
