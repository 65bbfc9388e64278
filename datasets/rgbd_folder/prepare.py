# SPDX-License-Identifier: Apache-2.0
r"""Turns a folder of RGB-D recordings into records for training.

  python -m depth_mai.datasets.rgbd_folder.prepare --source=REC --report_only \
    --write_description=rec.toml --preview=rec.png
  python -m depth_mai.datasets.rgbd_folder.prepare --source=REC \
    --description=rec.toml --output_dir=DATA

The first command guesses the layout and reports its findings; the second writes
DATA, which every other command accepts as --data_dir. docs/own_data.md explains
both.
"""

import os
import pathlib
import tempfile

# Before TensorFlow is imported: its start-up messages would hide the report.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import app
from absl import flags
from absl import logging

from depth_mai import program
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import guess as guess_lib
from depth_mai.datasets.rgbd_folder import survey as survey_lib
from depth_mai.datasets.rgbd_folder import survey_report
from depth_mai.datasets.rgbd_folder import unit_guess
from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib

_STRING, _BOOL = flags.DEFINE_string, flags.DEFINE_bool
_SOURCE = _STRING('source', None, 'Folder with the recordings.', required=True)
_DESCRIPTION = _STRING(
  'description', None, 'TOML file that describes the recordings.'
)
_LAYOUT = flags.DEFINE_enum(
  'layout',
  None,
  sorted(description_lib.LAYOUTS),
  'Name of a known layout, to use instead of --description.',
)
_OUTPUT_DIR = program.flag('output_dir', 'the records, for use as --data_dir')
_REPORT_ONLY = _BOOL(
  'report_only',
  False,
  'Read every file and report findings and problems, without writing records.',
)
_WRITE = program.written(
  _STRING('write_description', None, 'TOML file to write the description to.')
)
_PREVIEW = program.written(
  _STRING(
    'preview', None, 'Picture file to draw a few frames to, .png or .jpg.'
  )
)
_SKIP_BAD = _BOOL(
  'skip_bad',
  False,
  'Leave out pairs that cannot be used, instead of refusing the folder.',
)

DESCRIPTION_FILE = 'description.toml'


def _check_flags() -> None:
  """Refuses impossible combinations of flags."""
  if _DESCRIPTION.value and _LAYOUT.value:
    raise app.UsageError('Give --description or --layout, not both.')
  if _REPORT_ONLY.value == bool(_OUTPUT_DIR.value):
    raise app.UsageError('Give either --report_only or --output_dir=DATA.')
  output = _OUTPUT_DIR.value and pathlib.Path(_OUTPUT_DIR.value).expanduser()
  if output and output.exists() and (output.is_file() or any(output.iterdir())):
    raise app.UsageError(
      f'--output_dir={output} exists already. Remove it, or choose another.'
    )
  if _WRITE.value and pathlib.Path(_WRITE.value).expanduser().exists():
    raise app.UsageError(
      f'--write_description={_WRITE.value} exists already. Remove it, choose '
      'another, or read it with --description.'
    )
  if output and not (_DESCRIPTION.value or _LAYOUT.value):
    raise app.UsageError(
      'Records are not written from a guess. Check the guess with '
      '--report_only --write_description=FILE --preview=FILE.png, then give '
      '--description=FILE (or --layout).'
    )


def _guess() -> unit_guess.Guess:
  """Returns the description selected by the flags, or a guess."""
  if _DESCRIPTION.value:
    known = description_lib.read(_DESCRIPTION.value)
  elif _LAYOUT.value:
    known = description_lib.LAYOUTS[_LAYOUT.value]
  else:
    return guess_lib.guess(pathlib.Path(_SOURCE.value).expanduser())
  return unit_guess.Guess(known, {}, {}, None)


def write_records(
  survey: survey_lib.Survey, output_dir: pathlib.Path, skip_bad: bool
) -> None:
  """Writes the records of a survey atomically.

  Args:
    survey: the frames to write.
    output_dir: the prepared tfds directory to write; it also contains the
      description.
    skip_bad: whether to leave out pairs that cannot be used.

  Raises:
    ValueError: if the folder is bad, or has changed since the survey.
  """
  # Imports TensorFlow, which a report does not need.
  from depth_mai.data import records
  from depth_mai.datasets.rgbd_folder import rgbd_folder_dataset_builder as rgbd

  with (
    atomic.atomic_path(output_dir) as finished,
    tempfile.TemporaryDirectory(
      prefix='.tmp-', dir=output_dir.parent
    ) as working,
  ):
    config = rgbd.RgbdConfig(
      name='recordings',
      description=f'Recordings in {survey.source.name}.',
      recordings=survey.description,
      skip_bad=skip_bad,
      survey=survey,
    )
    builder = rgbd.Builder(data_dir=working, config=config)
    records.write(builder, survey.source)
    os.rename(builder.data_dir, finished)
    atomic.write_text(
      pathlib.Path(finished, DESCRIPTION_FILE),
      description_lib.to_toml(survey.description, {}),
    )


def run() -> int:
  """Runs the steps selected by the flags; returns the exit code."""
  guess = _guess()
  description = guess.description
  text = description_lib.to_toml(description, guess.remarks, guess.choices)
  if _WRITE.value:
    atomic.write_text(_WRITE.value, text)
    print(f'Description: {_WRITE.value}')
  elif guess.remarks:
    print('Without --description and --layout, this is a guess:')
    print(printable.printable_lines(text))
  if guess.problem is not None:
    raise problems_lib.BadInputError([guess.problem])
  survey = survey_lib.survey(_SOURCE.value, description)
  print(*survey_report.lines(survey), *survey.problems, sep='\n')
  if _PREVIEW.value:
    survey_report.write_preview(_PREVIEW.value, survey)
    print(f'Preview: {_PREVIEW.value}')
  if survey.problems:
    count = problems_lib.count(len(survey.problems), 'problem')
    print(f'{survey.source}: {count}.')
    if not _SKIP_BAD.value or not survey.splits['train']:
      return 1
  if not _REPORT_ONLY.value:
    output_dir = pathlib.Path(_OUTPUT_DIR.value).expanduser().absolute()
    write_records(survey, output_dir, _SKIP_BAD.value)
    print(f'Records: {output_dir}; use them with --data_dir={output_dir}')
  return 0


def main(argv: list[str]) -> int:
  """Checks the flags and runs; returns the exit code."""
  program.no_arguments(argv)
  _check_flags()
  logging.set_verbosity(logging.ERROR)  # tfds warns about unknown configs.
  with problems_lib.exit_on_bad_input():
    return run()


if __name__ == '__main__':
  program.run(main)
