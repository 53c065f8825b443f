"""A bundle: a OneRoster zip, or loose CSV files, as it lies in the data bucket."""

from pydantic import BaseModel, ConfigDict


class BundleObject(BaseModel):
    """One object of a bundle: the zip, or one CSV file.

    ``name``: its name at the source.
    ``key``, ``version``: where it lies in the data bucket.
    ``size``: in bytes.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    version: str | None = None
    size: int


class Bundle(BaseModel):
    """Where a run's bundle lies, and what it is recognized by.

    ``objects``: one zip, or the CSV files of a folder.
    ``look``: a digest of what the SFTP server lists: names, sizes, times. Equal looks mean equal
    bundles.
    ``digest``: a digest of the contents, however they are packed. Equal digests mean equal bundles.
    ``newest``: the time of the newest file, without a zone, as zip archives keep it.
    ``upload_id``: the upload it came by.
    ``exceptions``: a digest of the group's exceptions that held when it was read.
    ``accept_older``: whether a person said that a bundle older than the last one is meant.
    """

    model_config = ConfigDict(frozen=True)

    objects: tuple[BundleObject, ...] = ()
    look: str | None = None
    digest: str | None = None
    newest: str | None = None
    upload_id: str | None = None
    exceptions: str = ""
    accept_older: bool = False

    @property
    def loose(self) -> bool:
        """Whether it is the CSV files of a folder, not a zip."""
        return not (len(self.objects) == 1 and self.objects[0].name.lower().endswith(".zip"))
