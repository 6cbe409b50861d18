"""What `make deploy-check` and `make torture PART=failover` go by, without what they start."""

from tests.deploy import small_pc
from tests.deploy.bases import blocks
from tests.deploy.compose import Compose
from tests.torture.failover import silence

TOLD = {"SITE_NAME": "bincard.example", "BACKUP_DIR": "/mnt/backup/bincard"}


def test_every_word_of_compose_is_a_flag_of_the_containers_that_are_played(tmp_path):
    compose = Compose(TOLD, tmp_path)
    flags = {name: compose.flags(name) for name in compose.services}
    assert {"--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"} <= {
        *flags["bincard"]
    }
    assert "--env=BINCARD_ORIGIN=https://bincard.example" in flags["bincard"]
    assert "--volume=/mnt/backup/bincard:/backups" in flags["bincard"]
    assert flags["bincard"][-2:] == ["bincard", "serve"]
    image, *command = flags["migrate"][-1 - len(compose.services["migrate"]["command"]) :]
    assert (image, command[0]) == ("bincard", "migrate")
    assert f"--add-host=database:{compose.addresses['database']}" in flags["bincard"]


def test_the_page_of_the_small_pc_is_a_list_of_commands():
    steps = blocks(small_pc.PAGE.read_text("utf-8"), "## A. One small PC", "## B. Containers")
    assert small_pc.packages(steps) == ["python3", "python3-venv", "sudo"]
    assert steps[-1].splitlines() == ["b ready", "b tls check", "b drill"]


def test_the_gap_of_a_death_is_the_longest_time_in_which_nothing_was_taken():
    before, on_its_way, after = (1, 2), (2.5, 3.5), (9, 10)
    assert silence([before, on_its_way, after, (9, 30)], death=3) == 6.5
    assert silence([before, (2.5, 9), after], death=3) == 7
