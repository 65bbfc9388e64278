# SPDX-License-Identifier: Apache-2.0
"""Judges a file in six stages; `judge` is the entry point.

This process only reads the file's bytes. At most three sandboxed processes
(sandbox.py) parse and run them: one checks the operators, loads the file and
measures its errors, and two time it.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import hashlib
import itertools
import math
import os
import pathlib
import time

import numpy as np

from depth_mai import challenge
from depth_mai.data import source
from depth_mai.devices import registry
from depth_mai.evaluation import detection
from depth_mai.evaluation import evaluation
from depth_mai.files import printable
from depth_mai.files import regular_files
from depth_mai.judging import device_process
from depth_mai.judging import fidelity
from depth_mai.judging import interface_check
from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import lockdown
from depth_mai.judging import old_runtime
from depth_mai.judging import placing
from depth_mai.judging import protection
from depth_mai.judging import request as request_lib
from depth_mai.judging import sandbox
from depth_mai.judging import verdict as verdict_lib
from depth_mai.runtime import interface_reader
from depth_mai.runtime import model_interface

# Called with (stage, fraction done, text); the stages are in STAGES' order.
ReportProgress = Callable[[str, float, str], object]

STAGES = ('reading', 'checking', 'loading', 'detecting', 'fidelity', 'runtime')

_MB = 1 << 20


def judge(
  request: request_lib.JudgeRequest,
  report_progress: ReportProgress,
  launcher: launcher_lib.Launcher | None = None,
) -> verdict_lib.Verdict:
  """Judges a file.

  Args:
    request: the file and how to judge it.
    report_progress: called often, with a stage in STAGES, the fraction of it
      that is done, and a text to show.
    launcher: starts the processes that run the file; None starts a new one.
      Sharing one saves time when many files are judged.

  Returns:
    The verdict, even if the file crashes or takes too long.

  Raises:
    ValueError: if the file cannot be read, the data directory, the device or
      the folder for pictures cannot be used, or a required sandbox is missing.
  """
  described = registry.open_device(request.device, request.settings).describe()
  source.evaluation_pairs(request.data_dir, request.split)
  names = evaluation.split_ids(request.data_dir, request.split)
  names = names[: request.limit]
  content, sha256 = _read(request.model_path, request.limits.file_mb), None
  if content is not None:
    sha256 = hashlib.sha256(content).hexdigest()
  verdict = verdict_lib.Verdict(
    file={
      'name': printable.printable(os.path.basename(request.model_path)),
      'bytes': os.path.getsize(request.model_path),
      'sha256': sha256,
    },
    data={'split': request.split, 'images': len(names)},
    device=described,
    limits=dataclasses.asdict(request.limits),
  )
  with contextlib.ExitStack() as stack:
    if launcher is None:
      launcher = stack.enter_context(launcher_lib.Launcher())
    stages = _Stages(request, report_progress, launcher, names, verdict)
    try:
      stages.run(content)
    except verdict_lib.FileFaultError as fault:
      verdict.errors.append(printable.printable(fault))
  return verdict


class _Stages:
  """The stages of judging one file; each adds to the verdict."""

  def __init__(
    self,
    request: request_lib.JudgeRequest,
    report_progress: ReportProgress,
    launcher: launcher_lib.Launcher,
    names: list[str],
    verdict: verdict_lib.Verdict,
  ):
    self._request, self._report = request, report_progress
    self._launcher, self._names, self._verdict = launcher, names, verdict
    self._deadline = time.monotonic() + request.limits.time_s
    self._metadata: dict = {}

  def run(self, content: bytes | None) -> None:
    """Runs all stages; content is None if the file is too large."""
    if content is None:
      raise verdict_lib.FileFaultError(
        f'It has {self._verdict.file["bytes"]:,} bytes; at most '
        f'{self._request.limits.file_mb:g} MB are allowed (--file_mb).'
      )
    limits = self._request.limits
    with self._launcher.launch(limits, self._deadline) as box:
      if self._request.require_sandbox:
        protection.check(self._request.device, box.protection)
      with self._stage('reading'):
        self._note_protection(box.protection)
        box.take(content)
      with self._stage('checking'):
        self._check(box, content)
      with self._stage('loading'):
        declared = self._request.declared
        answer = box.load(size=declared.size)
        reading = interface_check.read(answer, self._metadata, declared)
      with self._stage('detecting'):
        reading = self._detect(box, reading)
        self._describe_interface(reading)
        self._run_in_target(content, box, reading.interface())
      with self._stage('fidelity'):
        self._measure(box, reading.interface())
    with self._stage('runtime'):
      self._time(content)

  @contextlib.contextmanager
  def _stage(self, name: str) -> Iterator[None]:
    start = time.monotonic()
    self._report(name, 0.0, name)
    yield
    self._verdict.seconds[name] = round(time.monotonic() - start, 3)
    self._report(name, 1.0, name)

  def _note_protection(self, protection: dict[str, str]) -> None:
    self._verdict.protection = self._verdict.protection or protection
    for layer, state in protection.items():
      text = (
        f"A layer of the judge's sandbox is not in force: {layer} ({state})."
      )
      if state != lockdown.IN_FORCE and text not in self._verdict.warnings:
        self._verdict.warnings.append(text)

  def _check(self, box: sandbox.Sandbox, content: bytes) -> None:
    """Checks the operators against the target runtime."""
    checked = box.check(self._request.target_runtime)
    self._metadata = checked['metadata']
    self._verdict.operators = {**checked, 'target_run': None}
    errors = [
      f'TFLite {self._request.target_runtime} cannot run it: {problem}'
      for problem in checked['problems']
    ]
    self._verdict.errors += errors
    if self._verdict.errors:
      self._run_in_target(content)
      raise verdict_lib.FileFaultError(
        'Nothing else was measured; correct this first.'
      )

  def _run_in_target(
    self,
    content: bytes,
    box: sandbox.Sandbox | None = None,
    interface: model_interface.ModelInterface | None = None,
  ) -> None:
    """Runs the file in the target runtime itself, where it is set up.

    It is only loaded, unless it is given with today's runtime and its
    interface.
    """
    request = self._request
    launcher = old_runtime.find(request.target_runtime)
    if launcher is None or self._verdict.operators is None:
      return
    picture = today_mm = None
    if box and interface:
      _, picture, _ = next(self._pairs())
      today_mm = fidelity.SandboxedPredictor(box, interface).predict(picture)
    with launcher.launch(request.limits, self._deadline) as old_box:
      if request.require_sandbox:
        protection.check(request.device, old_box.protection)
      self._note_protection(old_box.protection)
      found = old_runtime.run(
        old_box, content, request.declared.size, interface, picture, today_mm
      )
    self._verdict.operators['target_run'] = found.record()
    if interface and not found.ran:
      raise verdict_lib.FileFaultError(found.sentence())

  def _detect(
    self, box: sandbox.Sandbox, reading: interface_reader.Reading
  ) -> interface_reader.Reading:
    """Finds the input's range and the output's unit."""
    try:
      return detection.complete(
        reading,
        lambda interface, rgb: fidelity.SandboxedPredictor(
          box, interface
        ).predict(rgb),
        lambda: ((rgb, depth_mm) for _, rgb, depth_mm in self._pairs()),
      )
    except ValueError as error:
      raise interface_check.as_fault(error) from error

  def _describe_interface(self, reading: interface_reader.Reading) -> None:
    self._verdict.interface = reading.record()
    warnings = self._verdict.warnings
    for what, choice in (
      ('input range', reading.input_range),
      ('unit', reading.unit),
    ):
      if choice is not None and choice.with_truth:
        warnings.append(
          f'The {what} {choice.value} was found by comparison with the true '
          'depth, which no team had.'
        )
    warnings += reading.doubts()
    for name, tensor in (('input', reading.input), ('output', reading.output)):
      if tensor.size != challenge.IMAGE_SIZE:
        height, width = challenge.IMAGE_SIZE
        warnings.append(
          f'Its {name} has {tensor.size[1]} x {tensor.size[0]} pixels, not '
          f'{width} x {height} as in the challenge: the judge resizes it, and '
          'the runtime does not include resizing.'
        )

  def _measure(
    self, box: sandbox.Sandbox, interface: model_interface.ModelInterface
  ) -> None:
    """Measures the errors; saves pictures."""
    count = len(self._names)
    shown_names: frozenset[str] = frozenset()
    if self._request.pictures_dir is not None:
      wanted = min(self._request.pictures, count)
      shown_names = frozenset(
        self._names[place * count // wanted] for place in range(wanted)
      )
    predictor = fidelity.SandboxedPredictor(box, interface)
    shown: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
    numbers = itertools.count(1)

    def observe(
      name: str, rgb: np.ndarray, pred_mm: np.ndarray, depth_mm: np.ndarray
    ) -> None:
      done = next(numbers)
      self._report('fidelity', done / count, f'{done} of {count} pictures')
      if name in shown_names:
        shown.append((name, rgb, pred_mm, depth_mm))

    result = evaluation.evaluate(
      predictor, self._pairs(), count, observe=observe
    )
    per_image = result.pop('per_image')
    for name in challenge.METRICS:
      if not math.isfinite(result[name]):
        raise verdict_lib.FileFaultError(
          f'Its depths are so large or so small that {name} is not finite. '
          'They must be metres or millimetres (--unit).'
        )
    self._verdict.metrics = result
    self._verdict.warnings += result['warnings'] + predictor.warnings()
    if self._request.pictures_dir is not None:
      try:
        self._verdict.pictures = fidelity.save_pictures(
          pathlib.Path(self._request.pictures_dir), shown, per_image
        )
      except OSError as error:  # The figures are worth more than the pictures.
        self._verdict.warnings.append(
          f'The pictures could not be written: {error.strerror}.'
        )

  def _time(self, content: bytes) -> None:
    """Measures the runtime; computes score and rank."""
    verdict = self._verdict
    if self._request.device == placing.LOCAL:
      rows = placing.measure_here(
        self._launcher,
        content,
        self._request.limits,
        self._deadline,
        self._request.settings,
        lambda done: self._report('runtime', done, 'timing'),
        self._request.declared.size,
      )
    else:
      verdict.warnings.append(_protection_text(self._request.device))
      rows = device_process.measure(
        self._request.device,
        self._request.settings,
        content,
        self._request.limits.memory_mb,
        self._deadline - time.monotonic(),
      )
    verdict.runtime = placing.choose_runtime(rows, verdict.device or {})
    metrics = verdict.metrics or {}
    verdict.standing = placing.place(metrics['si_rmse'], verdict.runtime)

  def _pairs(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    return iter(
      source.evaluation_pairs(self._request.data_dir, self._request.split)
    )


def _protection_text(device: str) -> str:
  """Describes the protection on a device that is not this machine."""
  if registry.check_spec(device) in device_process.RESTRICTED:
    return (
      f'On {device} the file ran in processes that could open no connection '
      'and write only in their own folder, where the kernel has Landlock; no '
      'other layer of the sandbox was in force.'
    )
  return f'On {device} the file ran outside the sandbox.'


def _read(path: str | os.PathLike[str], file_mb: float) -> bytes | None:
  """Returns the bytes of a file, or None if it is too large."""
  most = int(file_mb * _MB)
  try:
    with regular_files.open_binary(path) as stream:
      content = stream.read(most + 1)
  except OSError as error:
    raise ValueError(
      f'The file {path} cannot be read: {error.strerror}. Give a .tflite file.'
    ) from error
  return content if len(content) <= most else None
