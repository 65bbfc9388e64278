# SPDX-License-Identifier: Apache-2.0
"""The one place where library code meets gin.

Library modules take plain arguments and import no gin; this file names what a
configuration may set, parses configurations, and turns gin's errors into ones
that name the nearest key.
"""

from collections.abc import Callable
from collections.abc import Sequence
import difflib
import hashlib
import inspect
import pathlib
import re

import gin
import keras

from depth_mai.data import augmentation
from depth_mai.files import ready_models
from depth_mai.lite import quantisation
from depth_mai.lite import quantisation_aware
from depth_mai.losses import gradient
from depth_mai.losses import gradient_matching
from depth_mai.losses import learned_weights
from depth_mai.losses import registry
from depth_mai.losses import regression
from depth_mai.losses import robust
from depth_mai.losses import scale_invariant
from depth_mai.losses import si_rmse
from depth_mai.losses import silog
from depth_mai.losses import ssim
from depth_mai.losses import virtual_normal
from depth_mai.losses import weighted
from depth_mai.models import compact_weights
from depth_mai.models.systems import aiia_hit
from depth_mai.models.systems import icl
from depth_mai.models.systems import jmu_cvlab
from depth_mai.models.systems import miaigo
from depth_mai.models.systems import smartlab
from depth_mai.models.systems import tcl
from depth_mai.models.systems import tencent_gylab
from depth_mai.models.systems import tencent_gylab_2021
from depth_mai.training import loop
from depth_mai.training import optimizers

_REGISTERED: dict[str, Callable] = {
  'AiiaHitOptions': aiia_hit.AiiaHitOptions,
  'Augmentation': augmentation.Augmentation,
  'FakeQuantisation': quantisation_aware.FakeQuantisation,
  'IclOptions': icl.IclOptions,
  'JmuCvlabOptions': jmu_cvlab.JmuCvlabOptions,
  'LearnedWeights': learned_weights.LearnedWeights,
  'MiaigoOptions': miaigo.MiaigoOptions,
  'Quantisation': quantisation.Quantisation,
  'SmartlabOptions': smartlab.SmartlabOptions,
  'TclOptions': tcl.TclOptions,
  'TencentGylab2021Options': tencent_gylab_2021.TencentGylab2021Options,
  'TencentGylabOptions': tencent_gylab.TencentGylabOptions,
  'WeightedLoss': weighted.WeightedLoss,
  'adam': optimizers.adam,
  'adamw': optimizers.adamw,
  'aiia_hit': aiia_hit.aiia_hit,
  'cosine': optimizers.cosine,
  'gradient': gradient.gradient,
  'gradient_matching': gradient_matching.gradient_matching,
  'icl': icl.icl,
  'jmu_cvlab': jmu_cvlab.jmu_cvlab,
  'l1': regression.l1,
  'l2': regression.l2,
  'log_l1': regression.log_l1,
  'log_l2': regression.log_l2,
  'miaigo': miaigo.miaigo,
  'polynomial': optimizers.polynomial,
  'robust': robust.robust,
  'scale_invariant': scale_invariant.scale_invariant,
  'si_rmse': si_rmse.si_rmse,
  'silog': silog.silog,
  'smartlab': smartlab.smartlab,
  'ssim': ssim.ssim,
  'tcl': tcl.tcl,
  'tencent_gylab': tencent_gylab.tencent_gylab,
  'tencent_gylab_2021': tencent_gylab_2021.tencent_gylab_2021,
  'train': loop.train,
  'virtual_normal': virtual_normal.virtual_normal,
}

CONFIGURABLES = {
  name: gin.external_configurable(function, name=name, module='depth_mai')
  for name, function in _REGISTERED.items()
}

# A loss that WeightedLoss finds by its name listens to its bindings, too:
# `silog.scale = 10` is not ignored.
registry.LOSSES.update({name: CONFIGURABLES[name] for name in registry.LOSSES})

# Included files are named from the checkout's root, wherever the command runs.
gin.add_config_file_search_path(str(pathlib.Path(__file__).parents[1]))


def _nearest(word: str, known: Sequence[str]) -> str:
  near = difflib.get_close_matches(word, known, n=3, cutoff=0.4)
  return f'Did you mean {" or ".join(near)}?' if near else ''


def _explain(error: Exception) -> str:
  """Adds the nearest configurables or parameters to gin's message."""
  message = str(error)
  unknown = re.search(
    r"No configurable matching (?:reference )?'@?([\w./]+)", message
  )
  if unknown:
    name = unknown.group(1).rsplit('.', 1)[-1]
    hint = _nearest(name, list(_REGISTERED))
    return f'gin: {unknown.group(1)!r} is not configurable. {hint}'
  unknown = re.search(
    r"Configurable '([\w.]+)' doesn't have a parameter named '(\w+)'", message
  )
  if unknown:
    owner = unknown.group(1).rsplit('.', 1)[-1]
    parameters = list(inspect.signature(_REGISTERED[owner]).parameters)
    hint = _nearest(unknown.group(2), parameters)
    return (
      f'gin: {owner} has no parameter {unknown.group(2)!r}. {hint} '
      f'All: {", ".join(parameters)}.'
    )
  return f'gin: {message}'


def parse(gin_files: Sequence[str], gin_params: Sequence[str] = ()) -> None:
  """Parses configuration files and single bindings.

  Args:
    gin_files: paths, e.g. gin_configs/tcl.gin.
    gin_params: bindings, e.g. 'train.epochs = 2'; they win over the files.

  Raises:
    ValueError: for a file that is not there, bad syntax or an unknown key;
      names the nearest known keys.
  """
  gin.clear_config()
  try:
    gin.parse_config_files_and_bindings(
      list(gin_files), list(gin_params), skip_unknown=False
    )
  except (ValueError, OSError, SyntaxError) as error:
    raise ValueError(_explain(error)) from error


def train(**kwargs) -> pathlib.Path:
  """Runs training.loop.train with the parsed configuration."""
  return CONFIGURABLES['train'](**kwargs)


def load_network(ready: str | None = None) -> tuple[keras.Model, str, dict]:
  """Builds the network that the parsed configuration trains.

  Args:
    ready: a system of pretrained/ whose weights it gets, with the configuration
      of ready_models.config_files; None leaves them random.

  Returns:
    What lite.provenance.load returns of the network of a training.

  Raises:
    ValueError: if there is no network in the configuration, or the weights are
      not there or do not fit it.
  """
  try:
    network = gin.query_parameter('train.network')
  except ValueError as error:
    raise ValueError(
      'The configuration has no train.network. Give --gin_file=FILE, e.g. '
      'gin_configs/tcl.gin.'
    ) from error
  built = network.scoped_configurable_fn()
  if ready:
    compact_weights.load(ready_models.weights_path(ready), built)
  return built, config_text(), {'source': ready or 'untrained'}


def parsed_quantisation(run_config: str = '') -> quantisation.Quantisation:
  """Builds what the parsed configuration says of INT8 files.

  Args:
    run_config: the configuration of a training, as text. Its lines about
      Quantisation hold where the parsed configuration has none; the others,
      which may be of an older version, are not looked at.

  Raises:
    ValueError: for a choice that Quantisation refuses.
  """
  own = gin.config_str()
  bindings = re.findall(
    r'^Quantisation\.\w+ = .*(?:\n[ \t]+.*)*', run_config, re.MULTILINE
  )
  gin.clear_config()
  gin.parse_config('\n'.join([*bindings, own]))
  return CONFIGURABLES['Quantisation']()


def config_text() -> str:
  """Returns the parsed configuration as text."""
  return gin.config_str()


def operative_config_text() -> str:
  """Returns every parameter that has taken part, defaults included."""
  return gin.operative_config_str()


def config_hash(text: str) -> str:
  """Returns a short hash of a configuration's text."""
  return hashlib.sha256(text.encode()).hexdigest()[:12]
