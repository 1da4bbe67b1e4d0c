"""Finds out what runs until hopscope listens, and writes .cargo/start.ld, which puts it side by side in the binary.

    cargo build --release && python3 tests/bench/start.py target/release/hopscope

Needs valgrind and nm. Names are kept without their hash, and a whole module stands for its functions where they are a
good part of it, so that the list outlives new versions of hopscope, its crates and the compiler; what has moved away
costs memory and nothing else. Worth doing again when `idle RSS` of a release build has grown.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The part of a module's code that must run for the module to stand for it.
SHARE = 0.3
# Whole libraries: half of each runs, and their functions have no module in their names.
LIBRARIES = ("tikv_jemalloc_sys", "libsqlite3_sys")
HEAD = """\
/* Made by tests/bench/start.py; used by .cargo/build.rs, which says what for. Do not edit. */
"""


def sizes(binary):
    """Octets of code by symbol."""
    lines = subprocess.run(["nm", "-S", binary], capture_output=True, text=True, check=True).stdout.splitlines()
    parts = (line.split() for line in lines)
    return {part[3]: int(part[1], 16) for part in parts if len(part) == 4 and part[2] in "tTwW"}


def run_until_idle(binary):
    """The symbols that ran from the start until two seconds behind `listening on`."""
    with tempfile.TemporaryDirectory() as folder:
        profile = f"{folder}/profile"
        valgrind = ["valgrind", "--tool=callgrind", "--demangle=no", "--compress-strings=no",
                    f"--callgrind-out-file={profile}"]
        serve = [os.path.abspath(binary), "serve", "--quiet", "--listen", "127.0.0.1:0",
                 "--capture", f"{folder}/capture", "--ca-dir", f"{folder}/ca"]
        process = subprocess.Popen(valgrind + serve, env={**os.environ, "HOME": folder}, cwd=folder,
                                   stderr=subprocess.PIPE, text=True)
        if not any("listening on" in line for line in process.stderr):
            sys.exit(f"{binary} ended without listening")
        time.sleep(2)
        process.terminate()
        process.communicate()
        names = re.findall(r"^fn=(\S+?)(?:'\d+)?$", pathlib.Path(profile).read_text(), re.MULTILINE)
    return set(names)


def path_of(symbol):
    """The parts of a Rust symbol's path, each with its length before it; None where it has none."""
    mangled = re.fullmatch(r"_ZN(.*)17h[0-9a-f]{16}E.*", symbol)
    if not mangled:
        return None
    rest, parts = mangled[1], []
    while rest:
        length = re.match(r"\d+", rest)[0]
        end = len(length) + int(length)
        parts.append(rest[:end])
        rest = rest[end:]
    return parts


def patterns(sizes, ran):
    """The shortest beginnings of paths of which enough ran."""
    whole, part = collections.Counter(), collections.Counter()
    paths = {symbol: path for symbol in sizes if (path := path_of(symbol))}
    for symbol, path in paths.items():
        for depth in range(1, len(path) + 1):
            beginning = tuple(path[:depth])
            whole[beginning] += sizes[symbol]
            part[beginning] += sizes[symbol] if symbol in ran else 0
    found = set()
    for symbol in ran & paths.keys():
        path = paths[symbol]
        beginnings = (tuple(path[:depth]) for depth in range(1, len(path) + 1))
        found.add(next((b for b in beginnings if part[b] >= SHARE * whole[b]), tuple(path)))
    return sorted("_ZN" + "".join(path) for path in found)


def main():
    binary = sys.argv[1]
    found = patterns(sizes(binary), run_until_idle(binary))
    sections = [f"*(.text*.{pattern}*)" for pattern in found]
    # The standard library comes compiled, and its names are of the other kind.
    sections += ["*(.text*._R*)"]
    sections += [f"*{library}*:*(.text .text.*)" for library in LIBRARIES]
    lines = "".join(f"    {section}\n" for section in sections)
    text = f"{HEAD}SECTIONS {{\n  .text.start : {{\n{lines}  }}\n}}\nINSERT BEFORE .text;\n"
    (ROOT / ".cargo/start.ld").write_text(text)
    print(f"{len(found)} patterns")


main()
