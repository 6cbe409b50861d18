"""Settings: each described once, read from the environment or from files, and never misspelt."""

import pytest

from server.commands.settings import page, show
from server.generate import ROOT
from server.settings import Settings, SettingsInvalid, abouts

VARIABLES = [about.variable for _, about in abouts().values()]


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
    value = {"BINCARD_LOG_FORMAT": "json"}.get(variable, "7")
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
