"""Why a zip cannot be opened as a bundle, in words that say what to change."""

from shared.domain.run.run import Reason

_AGAIN = "Nothing was changed."


def not_a_zip() -> Reason:
    """It is some other file."""
    return Reason(
        code="not_a_zip",
        message=f"The file is no zip archive. Zip the CSV files and bring them again. {_AGAIN}",
    )


def truncated() -> Reason:
    """It begins as a zip and has no end."""
    return Reason(
        code="truncated_zip",
        message=f"The zip ends in the middle: it was not copied whole. Bring it again. {_AGAIN}",
    )


def too_many_entries(most: int) -> Reason:
    """It holds more files than a bundle can have."""
    return Reason(
        code="too_many_entries",
        message=f"The zip holds more than {most} files. Zip only the roster's CSV files. {_AGAIN}",
    )


def file_too_large(name: str, most: int) -> Reason:
    """One file is larger than any roster's."""
    return Reason(
        code="file_too_large",
        message=f"{name} would be larger than {most >> 30} GB when unpacked. Export fewer years or "
        f"schools. {_AGAIN}",
    )


def bundle_too_large(most: int) -> Reason:
    """All files together are larger than any roster."""
    return Reason(
        code="bundle_too_large",
        message=f"The zip would be larger than {most >> 30} GB when unpacked. Export fewer years "
        f"or schools. {_AGAIN}",
    )


def suspicious_ratio(name: str, most: int) -> Reason:
    """It is packed tighter than any roster can be."""
    return Reason(
        code="suspicious_ratio",
        message=f"{name} unpacks to more than {most} times its size, which no roster does. Export "
        f"and zip it anew. {_AGAIN}",
    )


def nested_zip(name: str) -> Reason:
    """A zip in the zip."""
    return Reason(
        code="nested_zip",
        message=f"The zip holds another zip, {name}. Zip the CSV files themselves. {_AGAIN}",
    )


def nested_folders(name: str) -> Reason:
    """The CSV files lie in several folders."""
    return Reason(
        code="nested_folders",
        message=f"{name} lies in another folder than the other CSV files. Put all of them at the "
        f"top of the zip. {_AGAIN}",
    )


def encrypted(name: str) -> Reason:
    """It needs a password."""
    return Reason(
        code="encrypted_zip",
        message=f"{name} is encrypted. Zip the files without a password. {_AGAIN}",
    )


def duplicate_file(name: str) -> Reason:
    """One file comes twice."""
    return Reason(
        code="duplicate_file",
        message=f"The zip holds {name} twice. Remove one of them. {_AGAIN}",
    )


def unsafe_name() -> Reason:
    """A name points outside of the zip."""
    return Reason(
        code="unsafe_name",
        message="The zip holds a file whose name is absolute, leads out of the archive (..) or "
        f"cannot be read. Zip the CSV files anew, by their plain names. {_AGAIN}",
    )


def unsupported_compression(name: str) -> Reason:
    """It is packed in a way that the standard does not know (RFC 1951 only)."""
    return Reason(
        code="unsupported_compression",
        message=f"{name} is packed in an unusual way. Zip it with the usual method, deflate. "
        f"{_AGAIN}",
    )


def overlapping(name: str) -> Reason:
    """Two files share bytes of the archive."""
    return Reason(
        code="overlapping_entries",
        message=f"The zip is damaged: {name} overlaps another file. Zip the files anew. {_AGAIN}",
    )


def bad_crc(name: str) -> Reason:
    """The contents are not those that were packed."""
    return Reason(
        code="bad_crc",
        message=f"{name} is damaged: its checksum is wrong. Zip or copy it again. {_AGAIN}",
    )


def damaged(name: str) -> Reason:
    """The contents cannot be unpacked."""
    return Reason(
        code="damaged_file",
        message=f"{name} is damaged and cannot be unpacked. Zip or copy it again. {_AGAIN}",
    )
