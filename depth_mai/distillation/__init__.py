# SPDX-License-Identifier: Apache-2.0
"""Distillation: terms of the loss that compare a student with a teacher."""
