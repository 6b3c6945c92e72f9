"""`surefoot label invite`: a link for one person."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import tyro

from surefoot.commands.room_options import OfRoom, ask_server, writing
from surefoot.errors import UserError
from surefoot.web.room import people
from surefoot.web.room.app import clock
from surefoot.web.room.files import InUse
from surefoot.web.room.problems import Refused
from surefoot.web.room.project import COMMAND


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom):
    """Makes a link that lets one person into the labelling room.

    It is good once, for seven days, and binds the browser that opens it. The
    same name again makes a new link for the same person, and ends older ones
    that were not used. Works while the server runs, and while it does not.

    Example:
      surefoot label invite "Ada Lovelace" --db labels.db
      surefoot label invite Emmy --role admin --db labels.db
    """

    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]
    """Who it is for; administrators see it, exports do not have it."""
    role: Literal["labeler", "lead", "admin"] = "labeler"
    """What the person may do."""
    url: str | None = None
    """How browsers reach the server, where it does not run now."""


def run(config: Config) -> dict[str, Any]:
    """The link."""
    url = (config.url or "http://127.0.0.1:8765").rstrip("/")
    try:
        with writing(config.db) as session:
            secret, labeler_id = people.invite(
                session, config.name, config.role, actor=COMMAND, now=clock()
            )
            path = f"/i#{secret}"
    except Refused as error:
        raise UserError(error.detail) from None
    except InUse as held:
        body = {"name": config.name, "role": config.role}
        served, answer = ask_server(held, "/admin/invites", body)
        url, path, labeler_id = config.url or served, answer["path"], answer["labeler_id"]
    return {"link": url.rstrip("/") + path, "labeler_id": labeler_id}
