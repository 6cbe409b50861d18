"""Settings: each described once, read from the environment or from files, and never misspelt."""

import pytest

from server.commands.settings import page, show
from server.generate import ROOT
from server.settings import Settings, SettingsInvalid, abouts

VARIABLES = [about.variable for _, about in abouts().values()]


VALUES = {
    "BINCARD_LOG_FORMAT": "json", "BINCARD_ACCESS_LOG": "1", "BINCARD_ORIGIN": "https://b.example",
    "BINCARD_TLS": "1",
}  # fmt: skip


def test_the_page_of_settings_is_what_the_program_reads():
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == page()
    for variable in VARIABLES:
        assert f"| `{variable}` |" in page()


def test_a_misspelt_setting_stops_the_command_and_names_the_nearest():
    with pytest.raises(SettingsInvalid) as refused:
        Settings.of({"BINCARD_BACKUPDIR": "/mnt/backup"})
    assert str(refused.value) == (
        "There is no setting BINCARD_BACKUPDIR. Did you mean BINCARD_BACKUP_DIR? "
        "bincard settings lists them all."
    )


def test_what_is_not_ours_in_the_environment_is_left_alone():
    assert Settings.of({"PATH": "/bin", "BINCARD": "x"}).port == 8000


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_may_stand_in_a_file(tmp_path, variable):
    value = VALUES.get(variable, "7")
    (tmp_path / "secret").write_text(f"{value}\n", encoding="utf-8")
    by_file = Settings.of({f"{variable}_FILE": str(tmp_path / "secret")})
    assert by_file == Settings.of({variable: value})
    assert by_file != Settings.of({})


def test_a_setting_and_its_file_at_once_are_refused(tmp_path):
    file = tmp_path / "port"
    file.write_text("7", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match="not both"):
        Settings.of({"BINCARD_PORT": "7", "BINCARD_PORT_FILE": str(file)})
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        Settings.of({"BINCARD_PORT_FILE": str(tmp_path / "nothing")})


def test_a_word_that_is_no_choice_is_refused_with_the_choices():
    with pytest.raises(SettingsInvalid, match="give one of: text, json"):
        Settings.of({"BINCARD_LOG_FORMAT": "xml"})


@pytest.mark.parametrize("value", ["no", "false", "2"])
def test_what_is_on_or_off_is_1_or_0(value):
    with pytest.raises(SettingsInvalid, match=f"BINCARD_ACCESS_LOG is '{value}'; give 1 or 0"):
        Settings.of({"BINCARD_ACCESS_LOG": value})
    assert not Settings.of({"BINCARD_ACCESS_LOG": "0"}).access_log


@pytest.mark.parametrize(
    "value", ["bincard.example", "bincard.example:8443", "https://", "https://b.example/bincard"]
)
def test_an_address_that_no_phone_could_open_is_refused(value):
    """It stands in the QR: the mistake would show on the floor, one phone after the other."""
    with pytest.raises(SettingsInvalid, match=r"BINCARD_ORIGIN is .*; give https://NAME, or"):
        Settings.of({"BINCARD_ORIGIN": value})
    assert Settings.of({"BINCARD_ORIGIN": "https://b.example:8443/"}).origin == (
        "https://b.example:8443"
    )


def test_a_number_without_end_is_refused():
    with pytest.raises(SettingsInvalid, match="give a whole number from 0 to 65535"):
        Settings.of({"BINCARD_PORT": "9" * 5_000})


def test_the_standard_variables_say_where_traces_go():
    base = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318/"}
    assert Settings.of(base).traces == "http://127.0.0.1:4318/v1/traces"
    whole = base | {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/t"}
    assert Settings.of(whole).traces == "http://127.0.0.1:1/t"
    assert Settings.of(whole | {"BINCARD_TRACES_URL": "http://127.0.0.1:2/"}).traces == (
        "http://127.0.0.1:2/"
    )
    assert Settings.of({}).traces == ""


def test_the_table_shows_what_is_in_effect_but_no_secret():
    shown = show(
        Settings.of({
            "BINCARD_PORT": "9000",
            "BINCARD_METRICS_TOKEN": "hunter2",
            "BINCARD_DATABASE": "postgresql://bincard:hunter3@db/bincard",
        })
    ).text  # fmt: skip
    assert "BINCARD_PORT                9000" in shown
    assert "hunter" not in shown
    assert "postgresql://bincard:***@db/bincard" in shown
