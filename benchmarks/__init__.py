"""What takes minutes, and is measured or lived through rather than tested."""

from local.entry import hear_while_loading

hear_while_loading()
