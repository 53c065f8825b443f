"""A bundle: a OneRoster zip, or loose CSV files, as it lies in the data bucket."""

from pydantic import BaseModel, ConfigDict


class BundleObject(BaseModel):
    """One object of a bundle: the zip itself, or one CSV file named as it was at the source."""

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    version: str | None = None
    size: int


class Bundle(BaseModel):
    """Where a run's bundle lies, and what it is known by.

    ``objects`` is one zip, or the loose CSV files of a folder. ``look`` is what a look at the
    source said of it (SFTP: names, sizes, times), ``digest`` what its contents are, whatever their
    packing, ``newest`` the time of its newest file (without zone, as zip archives keep it): equal
    looks or digests mean an equal bundle. ``upload_id`` is that of the address it was uploaded to;
    ``accept_older`` a person's word that an older bundle than the last one is meant.
    """

    model_config = ConfigDict(frozen=True)

    objects: tuple[BundleObject, ...] = ()
    look: str | None = None
    digest: str | None = None
    newest: str | None = None
    upload_id: str | None = None
    accept_older: bool = False

    @property
    def loose(self) -> bool:
        """Whether it is CSV files of a folder instead of a zip."""
        return not (len(self.objects) == 1 and self.objects[0].name.lower().endswith(".zip"))
