"""What runs on this machine: the emulated account, sources to sync with, the demonstration."""

from local.entry import hear_while_loading

hear_while_loading()
