"""Exports as downloads: sent as they are made, so that nothing lies on the server's disk."""

import hashlib
import io
import logging
import zipfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from surefoot import __version__
from surefoot.labeling.choices import Choices
from surefoot.labeling.export import Exporter, ExportName, line
from surefoot.labeling.manifest import Tally, described
from surefoot.labeling.opinion import Take
from surefoot.labeling.parts import KINDS, TABLES, Part, Parts
from surefoot.parquet import RecordWriter, parquet_bytes
from surefoot.records import RatedStep
from surefoot.tables import shard_name
from surefoot.web.room import audit, collect
from surefoot.web.room.admin import CallerHere
from surefoot.web.room.app import Room, RoomHere
from surefoot.web.room.problems import Refused

log = logging.getLogger("surefoot")

router = APIRouter(prefix="/api/v1/admin")

CHUNK = 65_536
"""Bytes that are sent at once, at least."""
TYPES = {
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
    "zip": "application/zip",
}
"""Ending of the file's name -> media type."""


class Download(StreamingResponse):
    """A file made of chunks, whose making ends when the browser goes away."""

    def __init__(self, chunks: Generator[bytes], name: str) -> None:
        self._chunks = chunks
        super().__init__(
            chunks,
            media_type=TYPES[name.rpartition(".")[2]],
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._chunks.close()


@router.get("/export")
def export(
    room: RoomHere,
    by: CallerHere,
    layout: Annotated[ExportName, Query(alias="format")],
    opinions: Take = "all",
    generation: int | None = None,
    neutral: Literal["positive", "negative"] = "positive",
    bundle: bool = False,
) -> Download:
    """Ratings in a layout; `bundle`: in a zip with manifest and card, as the tables always are.

    What the layout cannot express is left out. Who took what is audited.
    """
    said: dict[str, Any] = {"opinions": opinions, "generation": generation}
    if layout in ("math-shepherd", "trl", "openrlhf"):
        said["neutral"] = neutral
    with room.database.write() as session:
        actor = by.admin(session)
        if not collect.count(session):
            raise Refused(404, "not_found", "nothing was submitted yet")
        audit.note(session, actor, "export", layout, said, now=room.now())
    exporter = Exporter(name=layout, choices=Choices(neutral=neutral), skip_bad=True)
    making = _Making(room, exporter, said)
    if layout == "parquet":
        return Download(_zipped(making.tables(opinions, generation)), "surefoot-tables.zip")
    name = f"surefoot-{layout}.{'parquet' if layout == 'steps' else 'jsonl'}"
    if bundle:
        entries = making.bundled(name, opinions, generation)
        return Download(_zipped(entries), f"surefoot-{layout}.zip")
    return Download(making.rows(opinions, generation), name)


@dataclass
class _Making:
    """An export while it is made; its session is open as long as that takes."""

    room: Room
    exporter: Exporter
    said: dict[str, Any]

    def __post_init__(self) -> None:
        self.tally = Tally()
        self.files: list[dict[str, Any]] = []

    def rows(self, take: Take, generation: int | None) -> Generator[bytes]:
        """The bytes of the file of rows."""
        with self.room.database.read() as session:
            yield from self._rows(session, take, generation)
        self._log()

    def bundled(
        self, name: str, take: Take, generation: int | None
    ) -> Generator[tuple[str, Iterable[bytes]]]:
        """The same, with what describes it."""
        with self.room.database.read() as session:
            yield name, self._noted(name, self._rows(session, take, generation))
            yield from self._described(session)

    def tables(self, take: Take, generation: int | None) -> Generator[tuple[str, Iterable[bytes]]]:
        """The tables in parts, and what describes them."""
        parts, n = Parts(), 0
        with self.room.database.read() as session:
            wanted = self.exporter.wanted(take, generation)
            found = collect.collect(session, wanted, self.exporter.left_out)
            for rated, rows in self.exporter.all_rows(found):
                self.tally.add(rated, len(rows))
                if (part := parts.add(rated)) is not None:
                    yield from self._shards(part, n)
                    n += 1
            yield from self._shards(parts.rest(), n)
            yield from self._described(session)

    def _rows(self, session: Session, take: Take, generation: int | None) -> Iterator[bytes]:
        sink = _Sink()
        wanted = self.exporter.wanted(take, generation)
        found = collect.collect(session, wanted, self.exporter.left_out)
        writer = RecordWriter(sink, RatedStep) if self.exporter.name == "steps" else None
        for rated, rows in self.exporter.all_rows(found):
            self.tally.add(rated, len(rows))
            if writer is not None:
                writer.add(rows)
            else:
                sink.write(b"".join(map(line, rows)))
            if sink.n_waiting >= CHUNK:
                yield sink.take()
        if writer is not None:
            writer.close()
        yield sink.take()

    def _shards(self, part: Part, n: int) -> Iterator[tuple[str, Iterable[bytes]]]:
        rows = (part.problems, part.solutions, part.labels, part.sessions)
        for table, records, kind in zip(TABLES, rows, KINDS, strict=True):
            name = f"{table}/{shard_name(n)}"
            made = parquet_bytes(records, kind)  # type: ignore[arg-type]
            yield name, self._noted(name, [made])

    def _noted(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks, noted for the manifest."""
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        self.files.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})

    def _described(self, session: Session) -> Iterator[tuple[str, Iterable[bytes]]]:
        texts = described(
            self.exporter,
            self.tally,
            collect.origin_of(session),
            chosen=self.said,
            files=self.files,
            version=__version__,
        )
        for name, text in zip(("manifest.json", "README.md"), texts, strict=True):
            yield name, [text.encode()]
        self._log()

    def _log(self) -> None:
        """In a plain file of rows nothing else says what is not in it."""
        left_out = {name: n for name, n in self.exporter.left_out.items() if n}
        log.info("export of %s: %d rows, left out %s, not expressible %d",
                 self.exporter.name, self.tally.n_rows, left_out, self.exporter.n_bad)  # fmt: skip


class _Sink(io.RawIOBase):
    """A file whose content is taken away as it comes."""

    def __init__(self) -> None:
        self._waiting, self._taken = bytearray(), 0

    @property
    def n_waiting(self) -> int:
        """Bytes to be taken."""
        return len(self._waiting)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Add at the end."""
        self._waiting += data
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._taken + len(self._waiting)

    def take(self) -> bytes:
        """What has come since."""
        chunk = bytes(self._waiting)
        self._taken += len(chunk)
        self._waiting.clear()
        return chunk


def _zipped(entries: Iterable[tuple[str, Iterable[bytes]]]) -> Generator[bytes]:
    """The bytes of a zip of these files."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, chunks in entries:
            info = zipfile.ZipInfo(name)
            if not name.endswith(".parquet"):  # which is small already
                info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as entry:
                for chunk in chunks:
                    entry.write(chunk)
                    if sink.n_waiting >= CHUNK:
                        yield sink.take()
    yield sink.take()
