#!/usr/bin/env python3
"""Lays the command out in a folder as an installation or a tarball has it.

    DIR/bin/tombola                the program, which finds its libraries from where it lies
    DIR/lib/tombola/               shared libraries
    DIR/share/                     manual pages, completions, targets, licences

With --libraries all every shared library but glibc's is copied, so that DIR runs wherever a glibc
as new as this machine's is; with --libraries swift only what comes with the Swift toolchain is, and
OpenBLAS and others stay the system's. Programs used: ldd, strip, patchelf, and dpkg where licences
of copied libraries are looked up.

usage: stage.py --executable TOMBOLA --libraries all|swift DIR
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What belongs to the C library of the machine that a program runs on.
GLIBC = re.compile(r"^(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|util|resolv|mvec|anl|BrokenLocale|nss_.*))\.so")
SYSTEM = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/")
DOCUMENTS = ["README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE"]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def libraries(program, kind):
    """Name and file of each library to copy."""
    found = {}
    for line in run("ldd", program).splitlines():
        words = line.split()
        if "=>" not in words or GLIBC.match(words[0]):
            continue
        if words[2] == "not":
            raise SystemExit(f"{program}: expected {words[0]}, found none")
        path = os.path.realpath(words[2])
        if kind == "all" or not path.startswith(SYSTEM):
            found[words[0]] = path
    return found


def licences(files, place):
    """Copies the licences of the packages that files come from."""
    place.mkdir(parents=True)
    packages = set()
    for path in files:
        if not path.startswith(SYSTEM):
            continue
        # Packages may have named the file by a folder that is a link by now.
        owner = next(
            (done.stdout.split(":")[0] for name in (path, path.removeprefix("/usr"))
             if (done := subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)).returncode == 0), None)
        if owner is None:
            raise SystemExit(f"{path}: expected a package that it belongs to, found none")
        packages.add(owner)
    for package in sorted(packages):
        shutil.copyfile(f"/usr/share/doc/{package}/copyright", place / f"{package}.txt")
    swift = next((parent / "share/swift/LICENSE.txt" for path in files for parent in pathlib.Path(path).parents
                  if (parent / "share/swift/LICENSE.txt").exists()), None)
    if swift is not None:
        shutil.copyfile(swift, place / "swift.txt")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executable", required=True)
    parser.add_argument("--libraries", required=True, choices=["all", "swift"])
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    folder = options.folder
    copied = libraries(options.executable, options.libraries)
    program = folder / "bin/tombola"
    place = folder / "lib/tombola"
    for each in [program.parent, place]:
        each.mkdir(parents=True, exist_ok=True)
    for old in place.iterdir():
        old.unlink()
    for source, target, origin in [(options.executable, program, "$ORIGIN/../lib/tombola")] + [
            (source, place / name, "$ORIGIN") for name, source in sorted(copied.items())]:
        # Beside its place first, so that a program that runs keeps its file.
        new = target.with_name(target.name + ".new")
        shutil.copyfile(source, new)
        run("strip", "--strip-unneeded", str(new))
        run("patchelf", "--set-rpath", origin, str(new))
        new.chmod(0o755 if target == program else 0o644)
        new.rename(target)
    shutil.copytree(ROOT / "share", folder / "share", dirs_exist_ok=True)
    targets = folder / "share/tombola/targets"
    targets.mkdir(parents=True, exist_ok=True)
    for target in sorted((ROOT / "Targets").glob("*.onnx")):
        shutil.copyfile(target, targets / target.name)
    documents = folder / "share/doc/tombola"
    shutil.rmtree(documents, ignore_errors=True)
    documents.mkdir(parents=True)
    for document in DOCUMENTS:
        shutil.copyfile(ROOT / document, documents / document)
    licences(copied.values(), documents / "licences")
    return 0


if __name__ == "__main__":
    sys.exit(main())
