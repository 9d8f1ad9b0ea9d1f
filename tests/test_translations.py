"""The Chinese pages say what the English ones say, as far as a program can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers import ROOT

IN_THE_SITE = {page.with_name(page.name.replace(".zh", "")): page for page in sorted((ROOT / "docs").rglob("*.zh.md"))}
CHINESE = {ROOT / "README.md": ROOT / "README_cn.md", **IN_THE_SITE}
OTHER_LANGUAGE = {**CHINESE, ROOT / "README_cn.md": ROOT / "README.md"}
HAN = "[\u4e00-\u9fff]"

each_pair = pytest.mark.parametrize("english, chinese", CHINESE.items(), ids=lambda page: page.name)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def programs(page: Path) -> list[tuple[str, str]]:
    """(language, code without comments); a block of plain text may have other words."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text(page), re.S | re.M)
    return [(language, "" if language == "text" else re.sub(r" *#.*", "", code)) for language, code in found]


def prose(page: Path) -> str:
    return re.sub(r"^```(\w*)\n.*?^```$", r"~~~\1", text(page), flags=re.S | re.M)


def form(page: Path) -> list[str]:
    """What stands under what: of each heading its level, of a list its items, of a table the bars of its rows."""
    blocks = []
    for block in prose(page).strip().split("\n\n"):
        lines = block.splitlines()
        mark = re.match(r"#+ |- |1\. |\||!|~~~\w*|<!--|", block)[0]
        items = re.findall(r"^(?:-|\d+\.) ", block, re.M)
        bars = [line.count("|") for line in lines if line.startswith("|")]
        blocks.append(f"{mark or 'paragraph'} {items or bars or ''}")
    return blocks


def links(page: Path) -> list[str]:
    return sorted(re.findall(r"\]\(([^)]+)\)", prose(page)))


@each_pair
def test_the_programs_are_the_same(english, chinese):
    assert programs(chinese) == programs(english)


@each_pair
def test_the_form_is_the_same(english, chinese):
    assert form(chinese) == form(english)


@each_pair
def test_figures_and_names_are_the_same(english, chinese):
    figures, names = r"\d+(?:[.,]\d+)*", r"`[^`]+`"
    assert sorted(re.findall(figures, prose(chinese))) == sorted(re.findall(figures, prose(english)))
    assert set(re.findall(names, prose(chinese))) == set(re.findall(names, prose(english)))


@each_pair
def test_links_lead_to_the_same_places_in_chinese_where_there_is_one(english, chinese):
    def in_chinese(link: str) -> str:
        path, hash_, anchor = link.replace("paddlepaddle.org.cn/en", "paddlepaddle.org.cn").partition("#")
        translated = OTHER_LANGUAGE.get((english.parent / path).resolve())
        return (path if translated is None else str(Path(path).with_name(translated.name))) + hash_ + anchor

    assert links(chinese) == sorted(in_chinese(link) for link in links(english))


@each_pair
def test_no_line_ends_between_chinese_characters(english, chinese):
    """It would be shown as a space."""
    assert re.findall(rf".*{HAN}\n{HAN}.*", prose(chinese)) == []


@pytest.mark.parametrize("page", [page.relative_to(ROOT / "docs").as_posix() for page in IN_THE_SITE])
def test_the_navigation_has_a_chinese_title(page):
    settings = text(ROOT / "mkdocs.yml")
    title = re.search(rf"- (.+): {page}$", settings, re.M)[1]
    assert re.search(rf"^ +{title}: {HAN}+$", settings, re.M)


def test_each_section_of_the_navigation_has_a_chinese_title():
    settings = text(ROOT / "mkdocs.yml")
    navigation = re.search(r"^nav:\n(.*?)\n\n", settings, re.S | re.M)[1]
    sections = re.findall(r"^ +- (.+):$", navigation, re.M)
    titles = dict(re.findall(rf"^ +(.+): (.*{HAN}.*)$", settings, re.M))
    assert sections and set(sections) <= set(titles)
