"""The web app's files: the right type, the right age, and nothing that is not the web app's."""

import pytest


@pytest.mark.parametrize(
    ("path", "media_type", "age"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        (
            "/assets/main-1a2b.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("/assets/reader.wasm", "application/wasm", "public, max-age=31536000, immutable"),
    ],
)
async def test_a_file_has_its_type_and_its_age(plant, path, media_type, age):
    answer = await plant.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == age
    again = await plant.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await plant.client.head(path)).content == b""


async def test_a_deep_link_opens_the_page_for_people_only(plant):
    page = await plant.client.get("/place/06-B-10", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.text) == (200, "<!doctype html><title>Bincard</title>")
    for path, accept in (
        ("/place/06-B-10", "*/*"),
        ("/api/nothing", "text/html"),
        ("/sync/nothing", "text/html"),
    ):
        answer = await plant.client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "//etc/passwd",
        "/%00",
        f"/{'a' * 300}",
        f"/{'%F0%A1%98%99' * 80}",
        "/a" * 3000,
    ],
)
async def test_nothing_outside_the_web_app_is_served(plant, path):
    answer = await plant.client.get(path, headers={"Accept": "*/*"})
    assert answer.status_code == 404
    assert "not for the web" not in answer.text


async def test_a_link_out_of_the_folder_leads_nowhere(plant, settings):
    (settings.web / "leak.txt").symlink_to(settings.web.parent / "secret.txt")
    assert (await plant.client.get("/leak.txt")).status_code == 404
