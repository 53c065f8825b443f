"""The settings that stand in every document of the roster."""

import hashlib

from shared.domain.group.group import GroupConfig
from shared.domain.ids import UNIT_SEPARATOR


def settings_digest(config: GroupConfig) -> str:
    """Digest these settings. If the digest changes, every document must be written again."""
    text = UNIT_SEPARATOR.join((config.client_partner_id, config.suffix))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
