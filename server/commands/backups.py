"""Backups from the command line: make one now, or put one back."""

from datetime import UTC, datetime
from pathlib import Path

from anyio import to_thread

from server.backups import restoring
from server.backups.certificates import Certificates
from server.backups.copying import copy_book
from server.backups.daily import same_volume_warning
from server.backups.making import make_backup, unproved_words
from server.backups.shelf import Backup, unproved_now
from server.commands.said import Said
from server.in_use import alone
from server.installation import now_ms
from server.settings import Settings
from server.tls.store import AUTHORITY


async def backup(settings: Settings, folder: Path | None) -> Said:
    """Copy database and key, and say what is in the copy; 1 when it does not replay."""
    target = (folder or settings.backup_folder).absolute()
    made = await to_thread.run_sync(make_backup, settings, target, now_ms())
    said = [f"{made.database}: {described(made)}", f"Its key: {made.key}"]
    if made.note.tls:
        said.append("The authority that phones trust lies beside it. Whoever has this folder has "
                    "the keys of this server: it is not encrypted.")  # fmt: skip
    if not made.note.proved:
        said.append(unproved_words(made))
    if warning := same_volume_warning(settings):
        said.append(warning)
    if settings.backups is None:
        said.append(
            "No BINCARD_BACKUP_DIR is set: name a folder on another disk there, and the devices "
            "may forget what two backups in it have."
        )
    elif target != settings.backups:
        said.append(f"Devices forget only what two backups in {settings.backups} have.")
    return Said("\n".join(said), exit_code=0 if made.note.proved else 1)


async def restore(settings: Settings, source: Path, *, replace: bool, unproved: bool) -> Said:
    """Put a backup back, and say what happens next."""
    # Before a folder is made for nothing.
    restoring.find_backup(source, unproved=unproved)
    with alone(settings.data):
        done = await restoring.restore(
            settings, source, now_ms(), replace=replace, unproved=unproved
        )
    said = [f"{done.backup.database} is in place: {described(done.backup)}"]
    newer = unproved_now(done.backup.folder)
    if newer and newer.note.made > done.backup.note.made:
        said.append(f"A newer copy does not replay, so it was not taken: {newer.database}.")
    if done.aside:
        said.append(f"What was there before lies in {' and '.join(map(str, done.aside))}.")
    said += [f"Site {site} begins epoch {epoch}." for site, epoch in done.epochs.items()]
    said += _https_words(done.certificates)
    if done.faults:
        said.append(
            f"It does not replay ({len(done.faults)} differences): run bincard repair before "
            "anybody trusts its stock."
        )
    said.append(
        "Next: bincard serve. Let every handheld and desk come into the network once: they send "
        "again by themselves what they kept since the backup. The desk lists under Discrepancies "
        "which devices are still missing, and what nobody brings back."
    )
    return Said("\n".join(said))


def _https_words(found: Certificates) -> list[str]:
    """Say whether phones go on trusting."""
    if found.files:
        return ["The authority that phones trust is back: bincard tls show tells its fingerprint."]
    if AUTHORITY in found.missing:
        words = (
            "The authority that phones trusted is not beside this backup, or damaged: with another "
            "one (bincard tls make) every phone must trust that anew."
        )
        return [words]
    return []


def described(backup: Backup) -> str:
    """Say how far a backup goes."""
    made = datetime.fromtimestamp(backup.note.made / 1000, UTC)
    sites = ", ".join(f"{mark.site} up to number {mark.seq:,}" for mark in backup.note.sites)
    size = backup.note.bytes / 2**20
    state = "replayed" if backup.note.proved else "NOT proved"
    return f"{size:,.1f} MB, {made:%Y-%m-%d %H:%M:%S} UTC, {state}: {sites or 'no site yet'}."


async def copy(settings: Settings, source: str, target: str) -> Said:
    """Move every site to another, empty database."""
    with alone(settings.data):
        done = await to_thread.run_sync(copy_book, source, target)
    sites = [f"Site {head.site} up to number {head.seq:,}." for head in done.heads]
    number = sum(done.rows.values())
    return Said("\n".join([
        f"{number:,} rows were copied, replayed and compared without a difference.", *sites,
        "Next: name the new database in BINCARD_DATABASE, and keep the token key where it is.",
    ]))  # fmt: skip
