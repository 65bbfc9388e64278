"""Rules for a module, for a test and for the __init__.py of a package."""

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

    Without tags, `:tests` runs it together with the others of its folder (see
    `depth_folder_tests`), and the target of its own name runs when it is named.
    With tags, it runs on its own.

    Args:
      name: the test's name.
      deps: labels of the project's modules that it imports.
      data: files that it reads.
      size: 'small', 'medium', 'large' or 'enormous'; sets the time limit.
      tags: ['slow'] for a test that takes longer than ten seconds; CI runs it
        under pytest only. ['external', 'local'] for a test that reads the whole
        checkout: it then runs in the checkout, and no result is taken from the
        cache.
    """
    py_library(
        name = name + "_library",
        testonly = 1,
        srcs = [name + ".py"],
        data = data,
        visibility = ["//visibility:public"],
        deps = deps,
    )
    py_test(
        name = name,
        size = size,
        srcs = [name + ".py"],
        # Packages have an __init__.py where they need one.
        legacy_create_init = 0,
        tags = tags or ["manual"],
        deps = [":" + name + "_library"],
    )

def depth_folder_tests(names, size = "large"):
    """Declares `:tests`, which runs tests of a folder in one process.

    Importing TensorFlow takes longer than most tests.

    Args:
      names: of the tests, each declared by `depth_test`.
      size: sets the time limit.
    """
    py_test(
        name = "tests",
        size = size,
        srcs = ["//build_defs:run_tests.py"],
        main = "//build_defs:run_tests.py",
        args = [native.package_name() + "/" + name + ".py" for name in names],
        legacy_create_init = 0,
        deps = [":" + name + "_library" for name in names],
    )
