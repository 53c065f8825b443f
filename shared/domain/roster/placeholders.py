"""The words by which a system says that it has no value: two people who share one share nothing."""

PLACEHOLDERS = frozenset(
    {
        "#n/a", "(null)", "-", "--", "---", "<null>", "?", "\\n", "n.a.", "n/a",
        "no email", "noemail", "none", "null", "tbd", "undefined", "unknown",
    }
)  # fmt: skip


def is_placeholder(text: str) -> bool:
    """Tell whether a username, an e-mail or an identifier stands for no value.

    Names are not asked: people are called None and Null.
    """
    return text.strip().casefold() in PLACEHOLDERS
