"""The part of @rules_python that this project loads, native in Bazel 4."""

py_library = native.py_library
py_test = native.py_test
