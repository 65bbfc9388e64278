# SPDX-License-Identifier: Apache-2.0
"""Web pages: templates, style, tables, request checks, and the server."""
