"""What every template and style sheet keeps to: the content policy and the sprite."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from optout_project.navigation import MORE, RAIL

TEMPLATES = sorted(Path(settings.BASE_DIR / "templates").rglob("*.html"))
STATIC = Path(settings.BASE_DIR / "static")
SPRITE = set(
    re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons/sprite.svg").read_text())
)
FORBIDDEN = {
    "inline style": re.compile(r"\sstyle\s*=|<style\b", re.IGNORECASE),
    "inline handler": re.compile(r"\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "other host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}


def _name(template: Path) -> str:
    return str(template.relative_to(settings.BASE_DIR / "templates"))


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_templates_keep_to_the_content_policy(template: Path, what: str) -> None:
    assert not FORBIDDEN[what].search(template.read_text())


@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_every_icon_a_template_names_is_in_the_sprite(template: Path) -> None:
    text = template.read_text()
    named = set(re.findall(r'{% (?:icon|empty_state) "([\w-]+)"', text))
    named |= set(re.findall(r'{% banner "\w*" "([\w-]+)"', text))
    assert named <= SPRITE


def test_every_icon_of_the_navigation_is_in_the_sprite() -> None:
    items = [*RAIL, *(item for group in MORE for item in group.items)]
    assert {item.icon for item in items} <= SPRITE


@pytest.mark.parametrize(
    "sheet", sorted(STATIC.glob("css/*.css")), ids=lambda p: p.name
)
def test_style_sheets_name_only_files_that_exist(sheet: Path) -> None:
    for url in re.findall(r'url\("([^"]+)"\)', sheet.read_text()):
        assert (sheet.parent / url).is_file()
