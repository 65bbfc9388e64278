"""The part of @rules_proto that Bazel 4 loads: its native rules."""

proto_lang_toolchain = native.proto_lang_toolchain
proto_library = native.proto_library
