"""The manual page is true to the program: every command, option, variable and exit code."""
import os
import re

import harness
from harness import TOP, maptrace, test

COMMANDS = ("report", "check", "maps", "map", "run", "go", "snapshot", "profiles")


def manual():
    with open(os.path.join(TOP, "doc", "maptrace.1"), encoding="utf-8") as page:
        text = page.read()
    return re.sub(r"\\f[A-Z]", "", text).replace("\\-", "-")


def options_of(command):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", maptrace(command, "--help").stdout))


@test
def options_and_manual_agree():
    """the manual page names every option of every command, and no other"""
    known = set.union(*(options_of(command) for command in COMMANDS))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", manual()))
    # --port is the server's in an example
    assert named - {"--version", "--port"} == known - {"--port"}, (named ^ known)


@test
def commands_and_manual_agree():
    """the manual page names every command that --help lists"""
    listed = re.findall(r"^  ([a-z]+) {2,}", maptrace("--help").stdout, re.M)
    assert set(COMMANDS) <= set(listed), listed
    for command in COMMANDS:
        assert re.search(rf"^\.B {command}\b", manual(), re.M), command


def shown_forms(command):
    """What the usage line of a command says, form by form, without spaces."""
    usage = maptrace(command, "--help").stdout.splitlines()[0]
    rest = usage.removeprefix(f"Usage: maptrace {command} ")
    options = "[OPTIONS] " if rest.startswith("[OPTIONS] ") else ""
    return {f"maptrace {command} {options}{form}".replace(" ", "")
            for form in rest.removeprefix(options).split(" | ")}


@test
def synopsis_and_usage_agree():
    """the manual page's synopsis has the forms of the commands' usage lines, word for word"""
    synopsis = manual().split(".SH SYNOPSIS")[1].split(".SH")[0]
    words = re.sub(r'^\.(B|I|BR|RB|RI|IR) |\\~|"|[ \n]', "", synopsis, flags=re.M)
    wanted = set.union({"maptrace--help|--version"}, *map(shown_forms, COMMANDS))
    harness.equal(set(words.split(".br")), wanted)


@test
def variables_and_manual_agree():
    """the manual page and `run --help` name every variable that the library reads"""
    with open(os.path.join(TOP, "trace", "environment.h"), encoding="utf-8") as source:
        variables = set(re.findall(r'"(MAPTRACE_[A-Z_]+)"', source.read()))
    assert variables
    shown = maptrace("run", "--help").stdout
    for variable in variables:
        assert f".B {variable}\n" in manual(), variable
        assert variable in shown, variable


harness.main()
