"""Commands for developers, operators and the build."""

from local.entry import hear_while_loading

hear_while_loading()
