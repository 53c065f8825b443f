"""What takes minutes, and is measured or lived through rather than tested."""

from local.entry import end_quietly_while_loading

end_quietly_while_loading()
