"""Measurements and simulations that take minutes."""

from local.entry import end_quietly_while_loading

end_quietly_while_loading()
