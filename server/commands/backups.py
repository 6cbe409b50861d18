"""Backups from the command line: make one now, or put one back."""

from datetime import UTC, datetime
from pathlib import Path

from anyio import to_thread

from server.app import now_ms
from server.backups.daily import same_volume_warning
from server.backups.making import make_backup
from server.backups.shelf import Backup
from server.commands.desk import Said
from server.settings import Settings


async def backup(settings: Settings, folder: Path | None) -> Said:
    """Copy database and key, and say what is in the copy."""
    target = (folder or settings.backup_folder).absolute()
    made = await to_thread.run_sync(make_backup, settings, target, now_ms())
    said = [f"{made.database}: {described(made)}", f"Its key: {made.key}"]
    if warning := same_volume_warning(settings):
        said.append(warning)
    if settings.backups is None:
        said.append(
            "No BINCARD_BACKUP_DIR is set: name a folder on another disk there, and the devices "
            "may forget what two backups in it have."
        )
    elif target != settings.backups:
        said.append(f"Devices forget only what two backups in {settings.backups} have.")
    return Said("\n".join(said))


def described(backup: Backup) -> str:
    """Say how far a backup goes."""
    made = datetime.fromtimestamp(backup.note.made / 1000, UTC)
    sites = ", ".join(f"{mark.site} up to number {mark.seq:,}" for mark in backup.note.sites)
    size = backup.note.bytes / 2**20
    return f"{size:,.1f} MB, {made:%Y-%m-%d %H:%M:%S} UTC, replayed: {sites or 'no site yet'}."
