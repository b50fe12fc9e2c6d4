"""The tutorial of doc/profiles.md is true: its profile, as it stands there, finds the maps of its
program, and `maptrace profiles test` says what the tutorial says."""
import os
import re

import harness
from harness import TOP, contains, equal, maptrace, program, test


def tutorial():
    """The profile in the tutorial, and the lines that it shows of `profiles test`."""
    with open(os.path.join(TOP, "doc/profiles.md"), encoding="utf-8") as source:
        text = source.read()
    profile = re.search(r"```profile\n(.*?)```", text, re.S).group(1)
    shown = re.search(r"\$ maptrace profiles test .*\n((?:    .*\n)+)", text).group(1)
    return profile, [line[4:] for line in shown.splitlines()]


def write(text):
    with open("mymap.profile", "w", encoding="utf-8") as out:
        out.write(text)


def try_it(variant="O2", status=0):
    return maptrace("profiles", "test", "mymap.profile", "--", program("tutorial", variant),
                    status=status).stdout


@test
def as_it_stands():
    """the tutorial's profile finds its program's maps, and the output is what it shows"""
    profile, shown = tutorial()
    write(profile)
    for variant in ("O0", "O2"):
        out = try_it(variant)
        for line in shown:
            contains(out, line)
    equal([name for name in os.listdir(".") if name != "mymap.profile"], [], "left behind")


@test
def a_wrong_width():
    """a wrong width is told by the line that refused the maps, and the exit is 1"""
    profile, _ = tutorial()
    write(profile.replace("require size(entries) == 24 * slots",
                          "require size(entries) == 32 * slots"))
    out = try_it(status=1)
    contains(out, "found 0 maps")
    contains(out, ": require size(entries) == 32 * slots")


@test
def a_wrong_offset():
    """so is a requirement that fails before any size is looked at"""
    profile, _ = tutorial()
    write(profile.replace("field slots u32 at header + 8", "field slots u32 at header + 12"))
    out = try_it(status=1)
    contains(out, ": require slots >= 8 && pow2(slots)")


@test
def it_never_woke():
    """a profile that waits for code that is not there is told so"""
    profile, _ = tutorial()
    write(profile)
    contains(try_it("stripped", status=1), "it never woke")


@test
def errors_are_explained():
    """a broken profile is explained, and nothing is run"""
    write("profile x\nwake always\nfield\n")
    out = try_it(status=2)
    contains(out, "mymap.profile:3:")
    assert "snapshot" not in out, out


harness.main()
