# SPDX-License-Identifier: Apache-2.0
"""Which of several machines this process is, as TF_CONFIG says.

TF_CONFIG is TensorFlow's way of describing machines that train together: a JSON
object in the environment, the same on all of them but for the index.

  {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},
   "task": {"type": "worker", "index": 0}}
"""

from collections.abc import Mapping
import dataclasses
import json
import os
import re
from typing import Any

from depth_mai.files import printable

VARIABLE = 'TF_CONFIG'
# EX_TEMPFAIL of sysexits.h: try again later.
LOST_WORKER_CODE = 75

_JOBS = ('chief', 'worker')
_ADDRESS = re.compile(r'[^\s:/]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5}')
_EXAMPLE = (
  '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, '
  '"task": {"type": "worker", "index": 0}}'
)


class LostWorkerError(Exception):
  """Another machine ended, or cannot be reached; the training can resume.

  Attributes:
    exit_code: exit code of the program.
  """

  exit_code = LOST_WORKER_CODE


@dataclasses.dataclass(frozen=True)
class Task:
  """The place of this process among the machines.

  Attributes:
    addresses: HOST:PORT of each; the first one is the chief's, which writes
      the files of the run.
    index: which of them is this process.
  """

  addresses: tuple[str, ...]
  index: int

  @property
  def is_chief(self) -> bool:
    """Whether this process writes the files of the run."""
    return self.index == 0


def read(environment: Mapping[str, str] = os.environ) -> Task:
  """Reads TF_CONFIG.

  Args:
    environment: variables by name.

  Returns:
    The place of this process.

  Raises:
    ValueError: if TF_CONFIG is missing, or cannot be used; it says why.
  """
  text = environment.get(VARIABLE)
  if not text:
    raise ValueError(
      f"train.strategy = 'multi_worker' needs {VARIABLE} in the environment of "
      f'each machine, such as {_EXAMPLE}. For one machine, set train.strategy '
      "to 'mirrored' or 'default'."
    )
  try:
    config = json.loads(text)
  except (ValueError, RecursionError) as error:
    raise _error(f'is no JSON: {printable.printable(error)}') from error
  cluster, task = (_get(config, name, {}) for name in ('cluster', 'task'))
  jobs = {name: _get(cluster, name, []) for name in _JOBS}
  others = sorted(set(cluster if isinstance(cluster, dict) else ()) - {*_JOBS})
  if others:
    raise _error(
      f'has the jobs {_shown(others)}; only "worker" and "chief" take part in '
      'a training'
    )
  for name, addresses in jobs.items():
    if not isinstance(addresses, list) or not all(
      isinstance(address, str) and _ADDRESS.fullmatch(address)
      for address in addresses
    ):
      raise _error(
        f'has {_shown(addresses)} as cluster.{name}; it must be a list of '
        '"HOST:PORT"'
      )
  if len(jobs['chief']) > 1:
    raise _error('has more than one chief')
  addresses = [*jobs['chief'], *jobs['worker']]
  if not addresses:
    raise _error('has no workers in "cluster"')
  twice = sorted({x for x in addresses if addresses.count(x) > 1})
  if twice:
    raise _error(f'has the address {_shown(twice[0])} twice')
  job, index = _get(task, 'type', None), _get(task, 'index', None)
  if job not in jobs or not jobs[job]:
    raise _error(
      f'has {_shown(job)} as task.type; it must be a job of "cluster"'
    )
  if isinstance(index, str) and index.isascii() and index.isdigit():
    index = int(index)  # Some launchers write a string.
  if type(index) is not int or not 0 <= index < len(jobs[job]):
    raise _error(
      f'has {_shown(index)} as task.index; the job "{job}" has the indices 0 '
      f'to {len(jobs[job]) - 1}'
    )
  before = len(jobs['chief']) if job == 'worker' else 0
  return Task(tuple(addresses), before + index)


def _get(value: Any, name: str, default: Any) -> Any:
  return value.get(name, default) if isinstance(value, dict) else default


def _shown(value: object) -> str:
  return printable.printable(json.dumps(value), most=80)


def _error(problem: str) -> ValueError:
  return ValueError(
    f'{VARIABLE} {problem}. It describes the machines that train together, '
    f'for example {_EXAMPLE}.'
  )
