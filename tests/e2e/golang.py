"""Go programs for the tests of `maptrace go`: toolchains, real programs, and one that is watched.

Debian's golang-go is 1.19 (classic maps). A whole Go 1.26.8 (Swiss maps), and real programs built
by each release from 1.19 to 1.26, come from npm's registry, pinned by their hashes; what was
fetched and built is kept under build/go.
"""
import base64
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import tarfile
import time
import urllib.request

import harness
from harness import BUILD, MAPTRACE, TOP, equal, maptrace, report, run, snapshot

FOLDER = os.path.join(BUILD, "go")
SOURCES = os.path.join(TOP, "test_programs", "go")
REGISTRY = os.environ.get("npm_config_registry", "https://registry.npmjs.org").rstrip("/")
PACKAGES = {
    ("@ttsc/linux-x64", "0.30.4"):
        "JZrx4sXeQVAJeyGpA8phlffrvbeyIjwme8ZVoBG8gvyT+BswfVgKQhskBaEGDodi6VyM3k53i53e+QcywFN+xQ==",
    ("@esbuild/linux-x64", "0.17.0"):
        "o7FhBLONk1mLT2ytlj/j/WuJcPdhWcVpysSJn1s9+zRdLwLKveipbPi5SIasJIqMq0T4CkQW76pxJYMqz9HrQA==",
    ("@esbuild/linux-x64", "0.20.2"):
        "1MdwI6OOTsfQfek8sLwgyjOXAu+wKhLEoaOLTjbijk6E2WONYpH9ZU2mNtR+lZ2B4uwr+usqGuVfFT9tMtGvGw==",
    ("@esbuild/linux-x64", "0.22.0"):
        "JUQyOnpbAkkRFOk/AhsEemz5TfWN4FJZxVObUlnlNCbe7QBl61ZNfM4cwBXayQA6laMJMUcqLHaYQHAB6YQ95Q==",
    ("@esbuild/linux-x64", "0.25.12"):
        "uqZMTLr/zR/ed4jIGnwSLkaHmPjOjJvnm6TVVitAa08SLS9Z0VM8wIRx7gWbJB5/J54YuIMInDquWyYvQLZkgw==",
    ("@esbuild/linux-x64", "0.27.7"):
        "hzznmADPt+OmsYzw1EE33ccA+HPdIqiCRq7cQeL1Jlq2gb1+OyWBkMCrYGBJ+sxVzve2ZJEVeePbLM2iEIZSxA==",
    ("@esbuild/linux-x64", "0.28.2"):
        "4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
    ("lefthook-linux-x64", "1.5.7"):
        "Pus26oI9t8DYz+2bXHBrr/iuqL23epHXD9GufsGysNGEUY59iYG5JqQhXidueVhPm/DHcdv3IFzDrsHMDFEGlw==",
    ("lefthook-linux-x64", "1.11.14"):
        "c+to1BRzFe419SNXAR6YpCBP8EVWxvUxlON3Z+efzmrHhdlhm7LvEoJcN4RQE4Gc2rJQJNe87OjsEZQkc4uQLg==",
}


def fetched(url):
    """What the registry answers; one that fails is asked again."""
    for pause in (5, 20, 60, None):
        try:
            with urllib.request.urlopen(url, timeout=120) as answer:
                return answer.read()
        except (OSError, http.client.HTTPException):  # urllib's are an OSError
            if pause is None:
                raise
        time.sleep(pause)
    return None


def package(name, version):
    """The folder of an npm package, fetched once; its bytes must be those of the pinned hash."""
    folder = os.path.join(FOLDER, f"{name.split('/', maxsplit=1)[0]}-{version}")
    if os.path.isdir(folder):
        return folder
    url = f"{REGISTRY}/{name}/-/{os.path.basename(name)}-{version}.tgz"
    content = fetched(url)
    got = base64.b64encode(hashlib.sha512(content).digest()).decode()
    equal(got, PACKAGES[name, version], f"the hash of {url}")
    os.makedirs(FOLDER, exist_ok=True)
    archive = f"{folder}.{os.getpid()}.tgz"
    with open(archive, "wb") as out:
        out.write(content)
    with tarfile.open(archive) as packed:
        packed.extractall(f"{folder}.{os.getpid()}")
    os.unlink(archive)
    try:
        os.rename(f"{folder}.{os.getpid()}", folder)
    except OSError:  # another run was faster
        assert os.path.isdir(folder), folder
        shutil.rmtree(f"{folder}.{os.getpid()}")
    return folder


def shipped(name, version, release):
    """The program that a package carries: bin/esbuild, bin/lefthook. It is of this Go release."""
    program = name.lstrip("@").split("/")[0].split("-")[0]
    path = os.path.join(package(name, version), "package", "bin", program)
    with open(path, "rb") as content:
        assert f"go{release}.".encode() in content.read(), f"{path} is not of Go {release}"
    os.chmod(path, 0o755)
    return path


class Toolchain:
    """One Go release: `classic` or Swiss maps, and how to build with it."""

    def __init__(self, release, is_classic, binary, root=None):
        self.release, self.is_classic, self.binary = release, is_classic, binary
        self.env = dict(os.environ, GO111MODULE="off", GOTOOLCHAIN="local", GOFLAGS="",
                        GOCACHE=os.path.join(FOLDER, f"cache-{release}"), CGO_ENABLED="0",
                        CGO_CFLAGS=f"-g -O2 -I{os.path.join(TOP, 'include')}")
        if root:
            self.env["GOROOT"] = root
        version = run([binary, "version"], env=self.env)
        assert f"go{release}" in version.stdout, f"{version.stdout}{version.stderr}"

    def build(self, source, kind="plain"):
        """The path of a program of test_programs/go, built in one of the ways of KINDS."""
        flags, more, others = KINDS[kind]
        folder = os.path.join(FOLDER, self.release, kind)
        path = os.path.join(folder, source)
        text = os.path.join(SOURCES, source + ".go")
        texts = [text] + [os.path.join(SOURCES, other) for other in others]
        if os.path.exists(path) and os.path.getmtime(path) > max(map(os.path.getmtime, texts)):
            return path
        os.makedirs(folder, exist_ok=True)
        done = run([self.binary, "build", *flags, "-o", f"{path}.{os.getpid()}", *texts],
                   env=dict(self.env, **more))
        equal(done.returncode, 0, f"{source} by {self.release}, {kind}: {done.stdout}{done.stderr}")
        os.rename(f"{path}.{os.getpid()}", path)
        return path


KINDS = {
    "plain": ([], {}, []),
    "stripped": (["-ldflags=-s -w"], {}, []),
    "pie": (["-buildmode=pie"], {}, []),
    "cgo": ([], {"CGO_ENABLED": "1"}, ["withcgo.go"]),
    "cgo-stripped": (["-ldflags=-s -w -buildid="], {"CGO_ENABLED": "1"}, ["withcgo.go"]),
    "cgo-pie": (["-buildmode=pie"], {"CGO_ENABLED": "1"}, ["withcgo.go"]),
    "c-shared": (["-buildmode=c-shared"], {"CGO_ENABLED": "1"}, []),
    "c-archive": (["-buildmode=c-archive"], {"CGO_ENABLED": "1"}, []),
    "plugin": (["-buildmode=plugin"], {"CGO_ENABLED": "1"}, []),
}


def toolchains():
    """Go with classic maps, and Go with Swiss ones; both must be there."""
    folder = package("@ttsc/linux-x64", "0.30.4")
    root = os.path.join(folder, "package", "bin", "go")
    for place in ("bin", "pkg/tool/linux_amd64"):
        for name in os.listdir(os.path.join(root, place)):
            os.chmod(os.path.join(root, place, name), 0o755)
    debian = shutil.which("go")
    assert debian, "golang-go is not installed: tests/deps.sh"
    return [Toolchain("1.19", True, debian),
            Toolchain("1.26", False, os.path.join(root, "bin", "go"), root)]


class Watched:
    """A program under `maptrace go run` that waits for a line after each step."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [MAPTRACE, "go", "run", "--report", "report.txt", "-o", "watched.mtr", "--", *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def pid(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as children:
            return int(children.read().split()[0])

    def look(self, label):
        """Asks for a snapshot; the process stands where it waits."""
        maptrace("snapshot", "--wait", str(harness.LIMIT_S), "--label", label, str(self.pid()))

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self, status=0):
        """Waits for the end; returns the trace as a dictionary."""
        out, err = self.process.communicate(timeout=harness.LIMIT_S)
        equal(self.process.returncode, status, f"{out}{err}")
        return report("watched.mtr")


def find(data, label, kind):
    """The one map of this type in a snapshot, or with it among the types that it may have."""
    found = [m for m in snapshot(data, label)["maps"] if kind in m["type"].split(" or ")]
    equal(len(found), 1, f"maps of type {kind}: {[m['type'] for m in snapshot(data, label)['maps']]}")
    return found[0]


def truth(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


LEAST = 300  # maps in the truth program


class Standing:
    """The truth program, standing still where all its maps are made."""

    def __init__(self, command, env=None, **options):
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, **options)
        self.truth = []

    def __enter__(self):
        for line in iter(self.process.stdout.readline, "done\n"):
            assert line, "the program ended early"
            self.truth += truth(line)
        return self

    def __exit__(self, *unused):
        if self.process.returncode is None:
            self.process.communicate("\n")

    def go_on(self):
        """Lets it end; it must end well."""
        self.process.communicate("\n")
        equal(self.process.returncode, 0, "the program afterwards")


def is_type(found, wanted):
    """The type itself, or it is among those that fit."""
    return wanted in found.split(" or ")


def check(told, data):
    """Each map that the program told of is there, with its own figures."""
    found = {int(m["address"], 16): m for m in data["snapshots"][0]["maps"]}
    equal(data["snapshots"][0]["complete"], True, data["snapshots"][0])
    assert len(told) >= LEAST, len(told)
    wrong = []
    exact = 0
    for want in told:
        got = found.get(int(want["address"], 16))
        if got is None:
            wrong.append(("missing", want))
        elif got["count"] != want["count"]:
            wrong.append(("count", want, got["count"]))
        elif got["bytes"]["buckets"] != want["buckets"]:
            wrong.append(("bytes", want, got["bytes"]))
        elif (got["bytes"]["old_buckets"] > 0) != want["growing"]:
            wrong.append(("growing", want, got["bytes"]))
        elif got["tombstones"] != want["tombstones"]:
            wrong.append(("tombstones", want, got["tombstones"]))
        elif not is_type(got["type"], want["type"]):
            wrong.append(("type", want, got["type"]))
        else:
            exact += got["type"] == want["type"]
    equal(wrong, [], f"{len(wrong)} of {len(told)} maps")
    return exact / len(told)
