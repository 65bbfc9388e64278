# SPDX-License-Identifier: Apache-2.0
"""Predicts and shows the depth of a camera or video, frame by frame."""

from collections.abc import Callable
from collections.abc import Iterable
import contextlib
import functools
import os
import pathlib
import signal
import sys
import threading
import time

import numpy as np

from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.report import scale
from depth_mai.runtime import image_io
from depth_mai.runtime import model_file
from depth_mai.streaming import frame as frame_lib
from depth_mai.streaming import live_colours
from depth_mai.streaming import sources
from depth_mai.streaming import stage_times
from depth_mai.streaming import terminal_view
from depth_mai.streaming import view as view_lib

VIEWS = ('terminal', 'browser', 'none')

# A service's log must show each line now, not in blocks of 8 KB.
_print_at_once = functools.partial(print, flush=True)

# This many damaged frames in a row mean that the source has failed.
_MAX_DAMAGED = 30
# The summary names this many damaged frames.
_MOST_NAMED = 8
_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


class Live:
  """Runs a network on a source and shows the result in a view.

  Attributes:
    times: durations of the stages of each frame: wait (for the next picture),
      capture (decoding), preprocess (resizing to the network's input),
      inference, recording (optional), drawing (including the view), and age,
      from the picture's arrival to its result.
    damaged: number of frames that could not be decoded and were skipped.
    first_damaged: names of the first of them.
  """

  def __init__(
    self,
    model: model_file.TfliteModel,
    source: frame_lib.Source,
    view: view_lib.View,
    colours: live_colours.LiveColours,
    recording: view_lib.Recording | None = None,
    every_frame: bool = False,
  ):
    """Initialises the run.

    Args:
      model: the network.
      source: yields the pictures.
      view: shows pictures and depth.
      colours: colours the depth.
      recording: writes the depth, or None.
      every_frame: whether to process every picture, however long it takes,
        which suits videos but not cameras; otherwise the newest picture is
        always next.
    """
    self.times = stage_times.StageTimes()
    self.damaged, self.first_damaged = 0, list[str]()
    self._model, self._source, self._view = model, source, view
    self._colours, self._recording = colours, recording
    self._newest = None if every_frame else frame_lib.NewestFrames(source)

  def run(self, max_frames: int = 0) -> None:
    """Shows frames until the source ends or max_frames (0: all) are shown.

    Raises:
      ValueError: if the source, the view or the recording fails.
    """
    with self._newest or contextlib.closing(self._source):
      in_a_row = 0
      for frame in self._timed(self._newest or self._source.frames()):
        try:
          with self.times.stage('capture'):
            rgb_uint8 = frame.decode()
        except frame_lib.DamagedFrameError as error:
          self.damaged += 1
          if self.damaged <= _MOST_NAMED:
            self.first_damaged.append(str(frame))
          in_a_row += 1
          if in_a_row >= _MAX_DAMAGED:
            raise ValueError(
              f'{self._source.name}: {in_a_row} pictures in a row cannot be '
              f'decoded, the last: {error}'
            ) from error
          continue
        in_a_row = 0
        self._predict_and_show(frame, rgb_uint8)
        if self.times.frames == max_frames:
          return

  def statistics(self) -> dict:
    """Returns figures for a view, as a dict that JSON can store."""
    return {
      'model': os.path.basename(self._model.name),
      'source': self._source.name,
      'frames': self.times.frames,
      'dropped': self._dropped(),
      'damaged': self.damaged,
      'frames_per_second': self.times.frames_per_second(),
      'stages_ms': self.times.recent_ms(),
    }

  def status(self) -> str:
    """Returns the statistics as one line."""
    rate = self.times.frames_per_second()
    stages = ', '.join(
      f'{name} {ms:.1f}' for name, ms in self.times.recent_ms().items()
    )
    damaged = f', {self.damaged} damaged' if self.damaged else ''
    return (
      f'{"-" if rate is None else f"{rate:.1f}"} fps, {self._dropped()} dropped'
      f'{damaged} | ms: {stages} | Ctrl-C ends'
    )

  def summary(self) -> str:
    """Returns the counts and a table of stage times, several lines."""
    rate = self.times.mean_frames_per_second()
    more = ', ...' if self.damaged > _MOST_NAMED else ''
    names = printable.printable(', '.join(self.first_damaged) + more)
    first = (
      f'{problems_lib.count(self.times.frames, "frame")} shown, '
      f'{self._dropped()} dropped for newer ones, '
      f'{self.damaged} damaged{f" ({names})" if names else ""}'
    )
    if rate is None:
      return first
    return f'{first}; {rate:.1f} frames per second\n{self.times.table()}'

  def _dropped(self) -> int:
    return self._newest.dropped if self._newest else 0

  def _timed(
    self, frames: Iterable[frame_lib.Frame]
  ) -> Iterable[frame_lib.Frame]:
    """Yields the frames and times the stage 'wait'."""
    iterator = iter(frames)
    while True:
      began_s = time.monotonic()
      frame = next(iterator, None)
      if frame is None:
        return
      self.times.add('wait', time.monotonic() - began_s)
      yield frame

  def _predict_and_show(
    self, frame: frame_lib.Frame, rgb_uint8: np.ndarray
  ) -> None:
    """Takes one picture through all stages."""
    with self.times.stage('preprocess'):
      small = image_io.resize_rgb(rgb_uint8, self._model.input_size)
    with self.times.stage('inference'):
      depth_mm = self._model.predict_mm(small)
    if self._recording:
      with self.times.stage('recording'):
        self._recording.write(
          str(frame),
          image_io.resize_depth_mm(depth_mm, rgb_uint8.shape[:2]),
        )
    with self.times.stage('drawing'):
      self._colours.follow(depth_mm)
      size = self._view.panel_size(*rgb_uint8.shape[:2])
      panels = _NO_PICTURE, _NO_PICTURE
      if size is not None:
        depth_mm = image_io.resize_depth_mm(depth_mm, size)
        panels = (
          image_io.resize_rgb(rgb_uint8, size),
          self._colours.colourise(depth_mm),
        )
      self._view.show(
        view_lib.Shown(
          *panels,
          near_m=self._colours.near_m,
          far_m=self._colours.far_m,
          status=self.status(),
          statistics=self.statistics(),
          depth_mm=depth_mm,
          name=str(frame),
        )
      )
    self.times.finish_frame(frame.arrived_s)


def open_view(
  kind: str,
  address: str,
  report_line: Callable[[str], object] = print,
  recording: view_lib.Recording | None = None,
) -> view_lib.View:
  """Opens a view.

  Args:
    kind: one of VIEWS.
    address: 'host:port' of the browser's page.
    report_line: takes a line of text.
    recording: where the browser's page saves a frame; None: it downloads it.

  Raises:
    ValueError: if the kind is unknown or the view cannot be opened.
  """
  if kind == 'terminal':
    return terminal_view.TerminalView(sys.stdout)
  if kind == 'browser':
    # Flask is imported for this view only.
    from depth_mai.streaming import browser_view

    view = browser_view.BrowserView(address, report_line, recording)
    report_line(f'Open {view.url} in a browser; Ctrl-C ends.')
    return view
  if kind == 'none':
    return view_lib.LogView(report_line)
  raise ValueError(f'--view={kind} is not one of {", ".join(VIEWS)}.')


def run_until_interrupted(
  model: model_file.TfliteModel,
  camera: str | None,
  video: str | None,
  view_kind: str,
  address: str,
  fixed_range: scale.ColourRange,
  output_dir: str | None = None,
  overwrite: bool = False,
  every_frame: bool = False,
  max_frames: int = 0,
  report_line: Callable[[str], object] = _print_at_once,
) -> None:
  """Runs `Live` until the source ends, Ctrl-C or SIGTERM; prints a summary.

  Args:
    model: the network.
    camera: see `sources.open_source`.
    video: see `sources.open_source`.
    view_kind: one of VIEWS.
    address: 'host:port' of the browser's page.
    fixed_range: ends of the colour range that do not follow the frames.
    output_dir: folder for the depth maps; None: they are not stored.
    overwrite: whether output_dir may already contain depth maps.
    every_frame: see `Live`.
    max_frames: number of frames to show; 0: all.
    report_line: takes a line of text.

  Raises:
    ValueError: if a part fails; the message names the cure.
  """
  live = None
  try:
    with contextlib.ExitStack() as stack:
      stack.enter_context(_sigterm_as_interrupt())
      if output_dir and video and pathlib.Path(video).is_dir():
        _check_folders(video, output_dir)
      recording = (
        view_lib.Recording(output_dir, overwrite) if output_dir else None
      )
      source = sources.open_source(camera, video, report_line)
      stack.enter_context(contextlib.closing(source))
      view = open_view(view_kind, address, report_line, recording)
      stack.enter_context(contextlib.closing(view))
      colours = live_colours.LiveColours(fixed_range)
      live = Live(model, source, view, colours, recording, every_frame)
      live.run(max_frames)
  except KeyboardInterrupt:
    pass  # This is how users end it.
  finally:
    if live:
      report_line(live.summary())


def _check_folders(video: str, output_dir: str) -> None:
  """Refuses to write results between the pictures of a folder."""
  if pathlib.Path(video).resolve() == pathlib.Path(output_dir).resolve():
    raise ValueError(
      f'--output_dir is the folder {video} of --video: results would become '
      'inputs of the next run. Choose another --output_dir.'
    )


@contextlib.contextmanager
def _sigterm_as_interrupt():
  """Makes SIGTERM, of `kill` and systemd, end the stream as Ctrl-C does."""
  if threading.current_thread() is not threading.main_thread():
    yield
    return
  before = signal.signal(signal.SIGTERM, signal.default_int_handler)
  try:
    yield
  finally:
    signal.signal(signal.SIGTERM, before)
