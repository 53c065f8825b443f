"""Reasons why a zip cannot be opened as a bundle; each says what to change."""

from shared.domain.run.run import Reason

_SAFE = "Nothing was changed."


def not_a_zip() -> Reason:
    """The file is not a zip."""
    return Reason(
        code="not_a_zip",
        message=f"The file is not a zip archive. Zip the CSV files and upload the zip. {_SAFE}",
    )


def truncated() -> Reason:
    """The file begins like a zip but has no end."""
    return Reason(
        code="truncated_zip",
        message=f"The zip is incomplete: it was not copied whole. Upload it again. {_SAFE}",
    )


def too_many_entries(most: int) -> Reason:
    """The zip holds more files than a bundle may have."""
    return Reason(
        code="too_many_entries",
        message=f"The zip holds more than {most} files. Zip only the roster's CSV files. {_SAFE}",
    )


def file_too_large(name: str, most: int) -> Reason:
    """A file is larger than any file of a roster."""
    return Reason(
        code="file_too_large",
        message=f"{name} would be larger than {most >> 30} GB when unpacked. Export fewer years or "
        f"schools. {_SAFE}",
    )


def bundle_too_large(most: int) -> Reason:
    """All files together are larger than any roster."""
    return Reason(
        code="bundle_too_large",
        message=f"The zip would be larger than {most >> 30} GB when unpacked. Export fewer years "
        f"or schools. {_SAFE}",
    )


def suspicious_ratio(name: str, most: int) -> Reason:
    """A file is packed more tightly than any roster can be."""
    return Reason(
        code="suspicious_ratio",
        message=f"{name} unpacks to more than {most} times its size, which no roster does. Export "
        f"and zip it again. {_SAFE}",
    )


def nested_zip(name: str) -> Reason:
    """The zip contains another zip."""
    return Reason(
        code="nested_zip",
        message=f"The zip holds another zip, {name}. Zip the CSV files themselves. {_SAFE}",
    )


def nested_folders(name: str) -> Reason:
    """The CSV files are in several folders."""
    return Reason(
        code="nested_folders",
        message=f"{name} is in another folder than the other CSV files. Put all of them at the "
        f"top of the zip. {_SAFE}",
    )


def encrypted(name: str) -> Reason:
    """A file needs a password."""
    return Reason(
        code="encrypted_zip",
        message=f"{name} is encrypted. Zip the files without a password. {_SAFE}",
    )


def duplicate_file(name: str) -> Reason:
    """A file occurs twice."""
    return Reason(
        code="duplicate_file",
        message=f"The zip holds {name} twice. Remove one of them. {_SAFE}",
    )


def unsafe_name() -> Reason:
    """A name points outside the zip."""
    return Reason(
        code="unsafe_name",
        message="The zip holds a file whose name is absolute, leads out of the archive (..) or "
        f"cannot be read. Zip the CSV files again, under their plain names. {_SAFE}",
    )


def unsupported_compression(name: str) -> Reason:
    """A file is compressed in a way that the standard does not allow (only RFC 1951)."""
    return Reason(
        code="unsupported_compression",
        message=f"{name} is packed in an unusual way. Zip it with the usual method, deflate. "
        f"{_SAFE}",
    )


def overlapping(name: str) -> Reason:
    """Two files share bytes of the archive."""
    return Reason(
        code="overlapping_entries",
        message=f"The zip is damaged: {name} overlaps another file. Zip the files again. {_SAFE}",
    )


def bad_crc(name: str) -> Reason:
    """A file's contents are not those that were packed."""
    return Reason(
        code="bad_crc",
        message=f"{name} is damaged: its checksum is wrong. Zip or copy it again. {_SAFE}",
    )


def damaged(name: str) -> Reason:
    """A file cannot be unpacked."""
    return Reason(
        code="damaged_file",
        message=f"{name} is damaged and cannot be unpacked. Zip or copy it again. {_SAFE}",
    )
