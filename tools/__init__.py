"""What a developer or operator runs by hand, or the build by itself."""

from local.entry import hear_while_loading

hear_while_loading()
