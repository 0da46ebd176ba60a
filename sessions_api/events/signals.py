"""For other code that wants to know: `recorded` is sent with `event`, once its transaction holds.

A receiver that fails is logged, and disturbs nobody.
"""

from django.dispatch import Signal

recorded = Signal()
