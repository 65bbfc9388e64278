# SPDX-License-Identifier: Apache-2.0
"""A fork server whose workers lie, as one would that a file has taken over.

The file that the judge sends is JSON: {'lies': {request: text}, 'blobs':
{request: hexadecimal}}. Other requests are answered as for a good file.
"""

import json
import socket
import struct
import sys

from depth_mai.judging import channel as channel_lib
from depth_mai.judging import fork_server
from depth_mai.judging import worker
from tests.judging import edited_model

_HONEST = edited_model.variant()


def file(lies, blobs=None) -> bytes:
  """Returns a file that makes the worker lie.

  Args:
    lies: dict from a request to the text that is sent instead of its JSON.
    blobs: dict from a request to the bytes that follow.
  """
  blobs = {request: blob.hex() for request, blob in (blobs or {}).items()}
  return json.dumps({'lies': lies, 'blobs': blobs}).encode()


def _serve(connection: socket.socket, **_):
  """Answers like `worker.serve`, but not locked, and with lies."""
  channel = channel_lib.Channel(connection)
  channel.send({'protection': {}})
  honest = worker._Worker(1)
  lies, blobs = {}, {}
  while True:
    try:
      request, blob = channel.receive(1 << 31)
    except channel_lib.ClosedError:
      return
    what = request.pop('do')
    if what == 'take':
      told = json.loads(blob)
      lies, blobs = told['lies'], told['blobs']
      blob = _HONEST
    answer, result = getattr(honest, what)(blob, **request)
    text = lies.get(what, json.dumps(answer)).encode('utf-8', 'surrogatepass')
    result = bytes.fromhex(blobs[what]) if what in blobs else result
    connection.sendall(struct.pack('<QQ', len(text), len(result)) + text)
    connection.sendall(result)


if __name__ == '__main__':
  worker.serve = _serve
  fork_server.run(socket.socket(fileno=int(sys.argv[1])))
