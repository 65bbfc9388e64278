# SPDX-License-Identifier: Apache-2.0
"""Web pages: one frame and style, tables, request checks, and the server."""
