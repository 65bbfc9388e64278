"""One rule for a module, one for a test, one for a package's __init__.py."""

load("@rules_python//python:defs.bzl", "py_library", "py_test")

def depth_package(parent = None, data = []):
    """Declares `:package`, the `__init__.py` of this folder.

    Args:
      parent: label of the package above, or None at the top.
      data: files that several modules of the folder read.
    """
    py_library(
        name = "package",
        srcs = ["__init__.py"],
        data = data,
        visibility = ["//visibility:public"],
        deps = [parent] if parent else [],
    )

def depth_library(name, deps = [], data = []):
    """Declares the module `<name>.py` of a folder that has a `depth_package`.

    Args:
      name: the module's name.
      deps: labels of the project's modules that it imports. Packages from PyPI
        are not labels; they come with the python3 on PATH.
      data: files that it reads.
    """
    py_library(
        name = name,
        srcs = [name + ".py"],
        data = data,
        visibility = ["//visibility:public"],
        deps = [":package"] + deps,
    )

def depth_test(name, deps = [], data = [], size = "medium", tags = []):
    """Declares the test `<name>.py`.

    Args:
      name: the test's name.
      deps: labels of the project's modules that it imports.
      data: files that it reads.
      size: 'small', 'medium', 'large' or 'enormous'; sets the time limit.
      tags: ['external', 'local'] for a test that reads the whole checkout:
        it then runs in the checkout, and no result is taken from the cache.
    """
    py_test(
        name = name,
        size = size,
        srcs = [name + ".py"],
        data = data,
        # Packages have an __init__.py where they need one.
        legacy_create_init = 0,
        tags = tags,
        deps = deps,
    )
