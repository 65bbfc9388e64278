# SPDX-License-Identifier: Apache-2.0
"""Answers requests in a process that locks itself first.

It also runs in Python 3.8, for TFLite 2.5, and so does everything that is
imported here.
"""

from __future__ import annotations

import socket
import typing

from depth_mai.files import failures
from depth_mai.judging import channel as channel_lib
from depth_mai.judging import lockdown

_MAX_BLOB = 1 << 31
_NO_MEMORY = 'The allowed memory (--memory_mb) is used up.'


def serve(
  connection: socket.socket,
  worker: typing.Any,
  memory_mb: float,
  cpu_s: float,
  threads: int,
) -> None:
  """Locks this process, reports the layers, and answers requests.

  Returns when the connection is closed.

  Args:
    connection: to the judge.
    worker: each public method answers one request: it takes the request's blob
      and fields, and returns the answer (for JSON) and the answer's blob.
    memory_mb: see `lockdown.lock`.
    cpu_s: see `lockdown.lock`.
    threads: number of threads for the kernels.
  """
  channel = channel_lib.Channel(connection)
  channel.send({'protection': lockdown.lock(memory_mb, cpu_s, threads)})
  while True:
    try:
      request, blob = channel.receive(_MAX_BLOB)
    except channel_lib.ClosedError:
      return
    except MemoryError:  # The rest of the message cannot be read.
      channel.send({'error': _NO_MEMORY})
      return
    try:
      answer, result = getattr(worker, request.pop('do'))(blob, **request)
    except MemoryError:
      answer, result = {'error': _NO_MEMORY}, b''
    except (ValueError, RuntimeError) as error:
      answer, result = {'error': ' '.join(str(error).split())[:2000]}, b''
    except Exception as error:
      # A forged file can make the readers raise anything; the file is at fault.
      why = failures.reason(error)
      answer, result = {'error': f'It is damaged ({why}).'}, b''
    channel.send(answer, result)
