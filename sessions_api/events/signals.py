"""The signal for other code: `recorded` is sent with the keyword `event` after its transaction has committed.

An exception in a receiver is logged and reaches neither the request nor other receivers.
"""

from django.dispatch import Signal

recorded = Signal()
