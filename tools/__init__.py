"""Commands for developers, operators and the build."""

from local.entry import end_quietly_while_loading

end_quietly_while_loading()
