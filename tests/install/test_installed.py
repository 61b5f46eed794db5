"""What is installed is found in path order, by the names that metadata spells."""

from __future__ import annotations

import os

import pytest

from install.worlds import World, make_wheel, searching
from pipwrap.install import installed
from pipwrap.install.installed import find_installed


def write(directory: str, name: str, content: str) -> None:
    path = os.path.join(directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(content)


def test_the_first_on_the_path_wins_under_its_own_spelling(
    shell: World, tmp_path_factory: pytest.TempPathFactory
):
    second = str(tmp_path_factory.mktemp("second"))
    write(shell.purelib, "foo_bar-1.0.dist-info/METADATA", "Name: Foo.Bar\nVersion: 1.0\n")
    write(second, "Foo_Bar-2.0.dist-info/METADATA", "Name: foo-bar\nVersion: 2.0\n")
    write(second, "odd-not!a!version.dist-info/METADATA", "Name: odd\nVersion: not!a!version\n")
    environment = searching(shell.environment, shell.purelib, "/nowhere", second)
    found = find_installed(environment)
    assert [(one.name, one.version, one.location) for one in found] == [
        ("Foo.Bar", "1.0", shell.purelib),
        ("odd", "not!a!version", second),
    ]
    assert [one.version for one in find_installed(environment, [second])] == [
        "2.0",
        "not!a!version",
    ]


def test_leftovers_and_invalid_names_are_told_as_pip_tells_them(shell: World):
    write(shell.purelib, "~oo-1.0.dist-info/METADATA", "Name: foo\nVersion: 1.0\n")
    write(shell.purelib, "-oo-1.0.dist-info/METADATA", "Name: -oo\nVersion: 1.0\n")
    write(shell.purelib, ".pipwrap-transaction/journal", "")
    assert find_installed(shell.environment, listener=shell.tell) == ()
    result = [message for message in shell.messages if message.startswith("Ignoring")]
    assert result == [
        f"Ignoring invalid distribution -oo ({shell.purelib})",
        (
            f"Ignoring incompletely removed distribution ~oo-1.0.dist-info ({shell.purelib});"
            " '~'-prefixed leftover directories are the result of a previous incomplete"
            " installation, and can be deleted"
        ),
    ]


def test_what_is_known_of_a_distribution(shell: World):
    url = '{"url": "file:///home/me/my%20foo", "dir_info": {"editable": true}}'
    wheel = make_wheel(shell.wheels, "foo", "1.0")
    installation = shell.installation(wheel, direct_url=url)
    shell.apply(shell.plan(installation))
    foo = shell.installed("foo")
    assert installed.direct_url(foo) == url
    assert installed.installer_name(foo) == "pipwrap"
    assert installed.is_requested(foo)
    assert installed.editable_location(foo) == "/home/me/my foo"
    assert installed.read_metadata(foo).version == "1.0"


def test_requirements_of_an_egg_info_are_read(shell: World):
    info = "foo-1.0-py3.11.egg-info"
    write(shell.purelib, f"{info}/PKG-INFO", "Name: foo\nVersion: 1.0\n")
    requires = "six\n\n[:python_version < '3']\nold\n\n[Test_Extra:os_name == 'nt']\nbar>1\n"
    write(shell.purelib, f"{info}/requires.txt", requires)
    assert installed.read_metadata(shell.installed("foo")).requires_dist == (
        "six",
        "old; (python_version < '3')",
        "bar>1; (os_name == 'nt') and extra == \"test-extra\"",
    )


def test_no_metadata_at_all_leaves_the_directory_name(shell: World):
    os.mkdir(os.path.join(shell.purelib, "foo-1.0.dist-info"))
    (foo,) = find_installed(shell.environment)
    assert (foo.name, foo.version) == ("foo", "1.0")


@pytest.mark.parametrize(
    ("content", "location"),
    [
        pytest.param('{"url": "file:///a%20b", "dir_info": {"editable": true}}', "/a b", id="is"),
        pytest.param('{"url": "file:///a", "dir_info": {}}', None, id="is not"),
        pytest.param('{"url": "file:///a"}', None, id="no directory"),
        pytest.param('{"url": "https://h/a", "dir_info": {"editable": true}}', None, id="no file"),
        pytest.param('{"url": 1, "dir_info": {"editable": true}}', None, id="another type"),
        pytest.param('{"dir_info": {"editable": true}}', None, id="no URL"),
        pytest.param('{"url": "file://[", "dir_info": {"editable": true}}', None, id="bad URL"),
        pytest.param('{"url": "file:///a", "dir_info": null}', None, id="null"),
        pytest.param('["url"]', None, id="no object"),
        pytest.param("{", None, id="no JSON"),
    ],
)
def test_what_direct_url_says_of_an_editable_installation(
    shell: World, content: str, location: str | None
):
    write(shell.purelib, "foo-1.0.dist-info/METADATA", "Name: foo\nVersion: 1.0\n")
    write(shell.purelib, "foo-1.0.dist-info/direct_url.json", content)
    (foo,) = find_installed(shell.environment)
    assert installed.editable_location(foo) == location
