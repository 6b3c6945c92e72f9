"""The labelling room: people rate steps in a web page.

    schema      tables, typed; migrations/ makes them
    database    engine, one writer, the lock of a SQLite file
    files       where a SQLite file may lie
    settings    what a project asks of its raters; project makes it
    intake      problems and solutions into tasks
    queue       who gets what: claims, leases, slots
    shown       what of a task a rater sees; the JSON of an assignment
    journal     events in, ratings and submissions out of them
    replay      are the tables what the events say?
    people      invites, sessions, roles; profile is what each sees of it
    alternatives  texts for a step, by a generator
    audit       who did what, as a chain of hashes
    collect     submissions as tables of records
    problems    errors as problem+json
    security    headers, limits on what comes in
    api         what the page of raters asks for; app puts all together
    admin, reading  what leads change and what they look at; of overview, raters,
                opinions, disagreements, questions, reports
    server      uvicorn, the lock file, the first link; backups

An event is acknowledged after its commit, never before. Times are whole
milliseconds since 1970 (UTC).
"""

from importlib.util import find_spec

from surefoot.errors import MissingExtra

for _package in ("fastapi", "uvicorn", "sqlalchemy", "alembic"):
    if find_spec(_package) is None:
        raise MissingExtra(_package, "room", "the labelling room")
