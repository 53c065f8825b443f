"""Everything that runs on this machine: the emulated account, sample sources, the demo."""

from local.entry import end_quietly_while_loading

end_quietly_while_loading()
