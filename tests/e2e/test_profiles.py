#!/usr/bin/env python3
"""`maptrace profiles list`: what is known, of the shipped profiles and of the user's own."""
import glob
import json
import os

import harness
from harness import contains, equal, maptrace, test

OWN = """profile mine
title "a map of \\"mine\\""
wake always
anchor a at header points base
count 0
part buckets in a bytes 8
needed 8
"""


def listed(*arguments, **variables):
    done = maptrace("profiles", "list", "--json", *arguments,
                    env=dict(os.environ, **{k: str(v) for k, v in variables.items()}))
    said = json.loads(done.stdout)
    equal(said["schema"], "maptrace/1")
    return {it["name"]: it for it in said["profiles"]}, done.stderr


@test
def shipped():
    """each shipped profile is listed with its versions, what was verified and what gives memory back"""
    files = glob.glob(os.path.join(harness.TOP, "profiles", "shipped", "*.profile"))
    known, complaints = listed()
    equal(sorted(known), sorted(os.path.basename(it).removesuffix(".profile") for it in files))
    equal(complaints, "")
    text = maptrace("profiles", "list").stdout
    for name, it in known.items():
        equal(it["origin"], "shipped")
        for part in (it["title"], it["about"], it["verified"]):
            contains(text, part)
        assert it["remedies"], name
        for remedy in it["remedies"]:
            contains(text, f"{remedy['name']}: {remedy['advice']}")


@test
def of_the_user():
    """profiles of MAPTRACE_PROFILES are listed with their file; a broken one is told and left out"""
    os.mkdir("own")
    for name, text in (("mine", OWN), ("broken", "profile broken\nnonsense\n")):
        with open(f"own/{name}.profile", "w", encoding="ascii") as file:
            file.write(text)
    known, complaints = listed("--profile", "m*", MAPTRACE_PROFILES="own")
    equal(known["mine"], {"name": "mine", "title": 'a map of "mine"', "about": None,
                          "verified": None, "remedies": [], "origin": "own/mine.profile"})
    equal(sorted(known), ["memcached", "mine"])
    contains(complaints, "own/broken.profile:2:1: ")


harness.main()
