# SPDX-License-Identifier: Apache-2.0
"""The LearnedWeights loss, whose weights of terms are learned in training."""

import keras
import tensorflow as tf

from depth_mai.losses import weighted

# Lower bound of p. For a term of value L, p is best where p^4 is near L / 2, so
# only a term that stays at 0 reaches this bound. Its factor is then at most
# 5000.
_SMALLEST_P = 0.01


class LearnedWeights:
  """A WeightedLoss whose terms are balanced by trained variables.

      loss = LearnedWeights(WeightedLoss({'silog': 1.0, 'gradient': 0.25}))
      variables = loss.build()  # train them like those of the network
      total, values = loss(pred_depth_m, depth_m, valid_mask)

  With L_i the value of a term times its fixed weight, and a variable p_i that
  starts at 1 for each,

      total = sum over i of L_i / (2 p_i^2) + ln(1 + p_i^2):

  terms that stay large lose influence, and the logarithm keeps p from growing
  without bound. Source: the dynamic re-weighting of LiteDepth's released code,
  in the form of Liebel and Koerner (2018), after Kendall et al. (CVPR 2018).

  Terms must not be negative. Terms of weight 0 are only reported.
  """

  def __init__(self, loss: weighted.WeightedLoss):
    """Sets the terms; `build` creates the variables.

    Args:
      loss: its terms and their fixed weights.

    Raises:
      ValueError: if `loss` is not a WeightedLoss, or all its weights are 0.
    """
    if not isinstance(loss, weighted.WeightedLoss):
      raise ValueError(
        f'LearnedWeights.loss={loss!r} is not a WeightedLoss; write '
        'LearnedWeights.loss = @WeightedLoss() in the gin file.'
      )
    self._loss = loss
    self._weights = {name: w for name, w in loss.weights.items() if w}
    if not self._weights:
      raise ValueError(
        f'LearnedWeights has no term to balance: all weights in {loss.weights} '
        'are 0; change WeightedLoss.weights in the gin file.'
      )
    self._p: dict[str, keras.Variable] | None = None

  def build(self) -> list[keras.Variable]:
    """Creates new variables, p = 1 for each term, and returns them.

    They belong to the current distribution strategy. The optimizers exclude
    them from weight decay by their names, alpha_*.
    """
    p = {
      name: keras.Variable(1.0, name=f'alpha_{name}', dtype='float32')
      for name in self._weights
    }
    self._p = p
    return list(p.values())

  def __call__(
    self, pred_depth_m: tf.Tensor, depth_m: tf.Tensor, valid_mask: tf.Tensor
  ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Computes the sum, its terms and their factors.

    Args:
      pred_depth_m: predicted depth [B, h, w, 1], metres, any float type.
      depth_m: target depth [B, H, W, 1], metres.
      valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.

    Returns:
      (total, values): a float32 scalar, the sum above, and a dict of float32
      scalars: name -> value without any weight, and weight_<name> -> the factor
      of that value in the sum, fixed weight included.

    Raises:
      ValueError: for shapes that do not fit, or if `build` was not called.
    """
    if self._p is None:
      raise ValueError(
        'LearnedWeights has no variables yet; call build() first, within the '
        "scope of the training's strategy, and train the variables it returns."
      )
    _, values = self._loss(pred_depth_m, depth_m, valid_mask)
    total = tf.zeros([], tf.float32)
    factors = {}
    for name, weight in self._weights.items():
      squared = tf.square(_floored(self._p[name].value))
      factor = weight / (2.0 * squared)
      total += factor * values[name] + tf.math.log1p(squared)
      factors[f'weight_{name}'] = factor
    return total, {**values, **factors}


def _floored(p: tf.Tensor) -> tf.Tensor:
  """Returns max(p, smallest); the gradient passes, so that p can recover."""
  return p + tf.stop_gradient(tf.maximum(p, _SMALLEST_P) - p)
